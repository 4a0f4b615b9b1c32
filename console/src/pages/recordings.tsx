import { useEffect } from 'preact/hooks';
import { listLimit, listRecordings } from '../api.ts';
import { search } from '../navigation.ts';
import { Link } from '../parts/link.tsx';
import { Notice } from '../parts/notice.tsx';
import { RecordingList } from '../parts/recording-list.tsx';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';

/** What was recorded, for an admin: of all streams, or with `?stream=` of one. */
export function Recordings() {
  const stream = new URLSearchParams(search.value).get('stream') ?? '';
  return <All key={stream} stream={stream} />;
}

function All({ stream }: { stream: string }) {
  const { data, error } = usePoll(() => listRecordings(stream), 5_000);
  useEffect(() => noticeRefusal(error), [error]);
  if (!data) return <Notice error={error} />;
  const { recordings, total } = data;
  return (
    <>
      <div class="title">
        <h1>
          {t('recordings')}
          {stream !== '' && <small>{stream}</small>}
        </h1>
        {stream !== '' && <Link href="/recordings">{t('allRecordings')}</Link>}
      </div>
      {error !== undefined && <Notice error={error} />}
      {total === 0 ? <Nothing /> : <RecordingList recordings={recordings} />}
      {total > recordings.length && <p class="hint">{t('newestShown', { count: listLimit })}</p>}
    </>
  );
}

function Nothing() {
  return (
    <section class="card welcome">
      <h2>{t('noRecordings')}</h2>
      <p>{t('noRecordingsMore')}</p>
      <pre>
        <code>{'record:\n  paths: [live/*]'}</code>
      </pre>
    </section>
  );
}
