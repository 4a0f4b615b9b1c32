import { useEffect } from 'preact/hooks';
import { getSummary, listStreams } from '../api.ts';
import { Notice } from '../parts/notice.tsx';
import { noticeRefusal, refreshSession, session } from '../session.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';
import { Links } from './links.tsx';
import { Login } from './login.tsx';
import { StreamRow } from './stream-row.tsx';
import { Summary } from './summary.tsx';
import { Welcome } from './welcome.tsx';

/** The console's first page: what is live, or the way in. */
export function Overview() {
  const asked = usePoll(refreshSession, 30_000);
  useEffect(() => {
    document.title = 'Headwater';
  }, []);
  if (!session.value) return <Notice error={asked.error} />;
  return session.value.admin ? <Streams /> : <Login />;
}

async function loadOverview() {
  const [streams, summary] = await Promise.all([listStreams(), getSummary()]);
  return { streams, summary };
}

function Streams() {
  const { data, error, reload } = usePoll(loadOverview, 2_000);
  useEffect(() => noticeRefusal(error), [error]);
  if (!data) return <Notice error={error} />;
  const { streams, summary } = data;
  return (
    <>
      <div class="title">
        <h1>{t('live')}</h1>
        <Summary streams={streams} server={summary} />
      </div>
      {error !== undefined && <Notice error={error} />}
      {streams.length === 0 ? <Welcome /> : <StreamList streams={streams} reload={reload} />}
      <Links />
    </>
  );
}

function StreamList({ streams, reload }: { streams: Awaited<ReturnType<typeof listStreams>>; reload: () => void }) {
  return (
    <div class="card streams">
      <div class="row head" aria-hidden="true">
        <span>{t('stream')}</span>
        <span>{t('video')}</span>
        <span>{t('audio')}</span>
        <span>{t('bitrate')}</span>
        <span>{t('viewers')}</span>
        <span>{t('uptime')}</span>
      </div>
      <ul>
        {streams.map((stream) => (
          <StreamRow key={stream.id} stream={stream} reload={reload} />
        ))}
      </ul>
    </div>
  );
}
