import { useEffect } from 'preact/hooks';
import { type LiveStream, listStreams } from '../api.ts';
import { formatBitrate, formatDuration } from '../format.ts';
import { placesOf } from '../moves.ts';
import { type ClusterNode, getDetails, getNodes, type ViewerCount } from '../operator.ts';
import { Addresses } from '../parts/addresses.tsx';
import { ClientTable } from '../parts/client-table.tsx';
import { ExplainPanel } from '../parts/explain-panel.tsx';
import { Hops } from '../parts/hops.tsx';
import { Icon } from '../parts/icon.tsx';
import { LineList } from '../parts/line-list.tsx';
import { Link } from '../parts/link.tsx';
import { MoveButton } from '../parts/move-dialog.tsx';
import { Notice } from '../parts/notice.tsx';
import { Audience, Measures, Tracks } from '../parts/stream-facts.tsx';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { playPath, roomPath, type StreamName, streamText } from '../urls.ts';
import { usePoll } from '../use-poll.ts';
import { viewersOf } from '../viewers.ts';
import { nameOfStream } from './stream-row.tsx';

/** Everything that the server knows of a stream. */
export function StreamPage({ app, name }: { app: string; name: string }) {
  const vhost = new URLSearchParams(location.search).get('vhost') ?? '';
  const asked: StreamName = { vhost, app, name };
  const text = streamText(asked);
  const { data, error } = usePoll(async () => {
    const stream = (await listStreams()).find((each) => streamText(nameOfStream(each)) === text);
    const [details, nodes] = await Promise.all([stream && getDetails(stream.id), getNodes()]);
    return { stream, details, nodes };
  }, 2_000);
  useEffect(() => noticeRefusal(error), [error]);
  if (!data) return <Notice error={error} />;
  const { stream, details, nodes } = data;
  return (
    <article class="stream-page">
      <Title name={asked} stream={stream} viewers={details?.viewers} />
      {error !== undefined && <Notice error={error} />}
      {stream && details ? (
        <>
          <Measures stream={stream} detail={details.detail} />
          <ExplainPanel id={stream.id} />
          <div class="pair">
            <Tracks detail={details.detail} />
            <Audience viewers={details.viewers}>
              <Move stream={text} viewers={details.viewers} nodes={nodes} />
            </Audience>
          </div>
          {details.detail?.publisher && <Hops client={details.detail.publisher.client} />}
          <Sessions stream={stream} />
          <LineList stream={text} />
        </>
      ) : (
        <p class="card notice">{t('notLive')}</p>
      )}
      <section>
        <h2>{t('addresses')}</h2>
        <div class="card inset">
          <Addresses stream={asked} {...(stream && { tcUrl: stream.tcUrl })} />
          <p class="hint">{t('obsHint')}</p>
        </div>
      </section>
    </article>
  );
}

interface MoveProps {
  readonly stream: string;
  readonly viewers: readonly ViewerCount[];
  readonly nodes: readonly ClusterNode[];
}

function Move({ stream, viewers, nodes }: MoveProps) {
  return <MoveButton nodes={nodes} places={placesOf(viewers)} stream={stream} label={t('moveOf', { name: stream })} />;
}

interface TitleProps {
  readonly name: StreamName;
  readonly stream: LiveStream | undefined;
  /** Those of all nodes, as soon as they are known. */
  readonly viewers: readonly ViewerCount[] | undefined;
}

function Title({ name, stream, viewers }: TitleProps) {
  const { vhost, app, name: short } = name;
  return (
    <div class="title">
      <h1>
        <span class={stream?.publish.active ? 'dot on' : 'dot'} />
        {short}
        <small>{[vhost, app].filter(Boolean).join(' / ')}</small>
      </h1>
      <div class="actions">
        <Link href={playPath(name)} class="button primary">
          <Icon name="play" />
          {t('play')}
        </Link>
        <Link href={roomPath(name)} class="button">
          {t('roomLink')}
        </Link>
        <Link href={`/recordings?stream=${encodeURIComponent(streamText(name))}`} class="button">
          {t('recordings')}
        </Link>
      </div>
      {stream && (
        <p class="summary">
          <span>{formatBitrate(stream.kbps.recv_30s)}</span>
          <span>
            {t('statViewers', { count: viewers?.reduce((sum, row) => sum + row.viewers, 0) ?? viewersOf(stream) })}
          </span>
          <span>{`${t('uptime')} ${formatDuration(Date.now() - stream.live_ms)}`}</span>
          {!stream.publish.active && <span class="warn">{t('notPublishing')}</span>}
        </p>
      )}
    </div>
  );
}

const MOST_SHOWN = 20;

function Sessions({ stream }: { stream: LiveStream }) {
  return (
    <section>
      <h2>{t('sessions')}</h2>
      <ClientTable
        query={{ stream: stream.id, role: '', text: '', start: 0, count: MOST_SHOWN }}
        more={(total) =>
          total > MOST_SHOWN && (
            <p class="hint">
              <Link href={`/sessions?stream=${stream.id}`}>{t('allOf', { count: total })}</Link>
            </p>
          )
        }
      />
    </section>
  );
}
