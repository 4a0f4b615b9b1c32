import { useEffect } from 'preact/hooks';
import { getSummary, type LiveStream, listStreams, type Summary as Usage } from '../api.ts';
import { History } from '../parts/history.tsx';
import { Notice } from '../parts/notice.tsx';
import { ClusterPicture } from '../parts/picture.tsx';
import type { Own } from '../picture.ts';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { usePicture } from '../use-picture.ts';
import { usePoll } from '../use-poll.ts';
import { viewersOf } from '../viewers.ts';
import { StreamRow } from './stream-row.tsx';
import { Summary } from './summary.tsx';
import { Welcome } from './welcome.tsx';

async function loadOverview() {
  const [streams, summary] = await Promise.all([listStreams(), getSummary()]);
  return { streams, summary };
}

/** The console's first page: who is there, what is live, how the last hour was. */
export function Overview() {
  const { data, error } = usePoll(loadOverview, 2_000);
  useEffect(() => noticeRefusal(error), [error]);
  if (!data) return <Notice error={error} />;
  const { streams, summary } = data;
  return (
    <>
      <div class="title">
        <h1>{t('overview')}</h1>
        <Summary streams={streams} server={summary} />
      </div>
      {error !== undefined && <Notice error={error} />}
      {streams.length === 0 && <Welcome />}
      <Cluster own={ownOf(streams, summary)} />
      {streams.length > 0 && <StreamList streams={streams} />}
      <History />
    </>
  );
}

function ownOf(streams: readonly LiveStream[], { cpu_percent: cpu, cores }: Usage): Own {
  const sum = (of: (stream: LiveStream) => number) => streams.reduce((total, stream) => total + of(stream), 0);
  return {
    ...{ cpu, cores, streams: streams.length, viewers: sum(viewersOf) },
    recvKbps: sum(({ kbps }) => kbps.recv_30s),
    sendKbps: sum(({ kbps }) => kbps.send_30s),
  };
}

function Cluster({ own }: { own: Own }) {
  const picture = usePicture(own);
  if (!picture) return null;
  return (
    <section class="cluster">
      <h2>{t('picture')}</h2>
      <ClusterPicture picture={picture} />
    </section>
  );
}

function StreamList({ streams }: { streams: readonly LiveStream[] }) {
  return (
    <section>
      <h2>{t('live')}</h2>
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
            <StreamRow key={stream.id} stream={stream} />
          ))}
        </ul>
      </div>
    </section>
  );
}
