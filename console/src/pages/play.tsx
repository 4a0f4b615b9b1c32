import { useEffect } from 'preact/hooks';
import type { Line } from '../../../player/src/index.ts';
import { listRecordings } from '../api.ts';
import { Addresses } from '../parts/addresses.tsx';
import { CopyLine } from '../parts/copy.tsx';
import { RecordingList } from '../parts/recording-list.tsx';
import { StreamLink } from '../parts/stream-link.tsx';
import { Player } from '../player/player.tsx';
import { useShift } from '../player/use-shift.ts';
import { t } from '../settings.ts';
import { flvUrl, hlsUrl, roomPath, type StreamName, serverQuery, streamText, type Via } from '../urls.ts';
import { usePoll } from '../use-poll.ts';

/** The player of one stream, for everybody who knows its address; `?via=ws` plays over a WebSocket, `?via=hls` by HLS. */
export function Play({ app, name }: { app: string; name: string }) {
  const search = new URLSearchParams(location.search);
  const via = viaOf(search.get('via'));
  const query = serverQuery(location.search);
  const stream: StreamName = { vhost: search.get('vhost') ?? '', app, name };
  const hls = hlsUrl(stream, location, query);
  const reach = useShift(streamText(stream), query);
  useEffect(() => {
    document.title = `${name} · Headwater`;
  }, [name]);
  return (
    <article class="play">
      <h1>
        {name}
        <small>{app}</small>
      </h1>
      <Player
        name={name}
        source={{
          lines: via === 'hls' ? undefined : { stream: streamText(stream), lines: [ownLine(stream, via, query)] },
          hls,
        }}
        via={via}
        setting="broadcast"
        reach={reach}
      />
      <StreamLink stream={stream} />
      <details class="card other-ways">
        <summary>{t('otherWays')}</summary>
        <CopyLine label={t('pageLink')} text={location.href} />
        <CopyLine label={t('roomLink')} text={location.origin + roomPath(stream)} />
        <Addresses stream={stream} query={query} />
      </details>
      <RecordedList stream={stream} query={query} />
    </article>
  );
}

/** What was recorded of the stream, for those who may know. */
export function RecordedList({ stream, query }: { stream: StreamName; query: string }) {
  const { data } = usePoll(() => listRecordings(streamText(stream), query), 600_000);
  if (!data || data.total === 0) return null;
  return (
    <section class="recorded-list">
      <h2>{t('recordings')}</h2>
      <RecordingList recordings={data.recordings} query={query} />
    </section>
  );
}

function ownLine(stream: StreamName, via: 'http' | 'ws', query: string): Line {
  const { host } = location;
  const protocol = `${via}-flv`;
  return {
    id: `${host}/${protocol}`,
    node: host,
    name: host,
    region: '',
    protocol,
    url: flvUrl(stream, location, via, query),
  };
}

function viaOf(text: string | null): Via {
  return text === 'ws' || text === 'hls' ? text : 'http';
}
