import { useEffect } from 'preact/hooks';
import { Addresses } from '../parts/addresses.tsx';
import { CopyLine } from '../parts/copy.tsx';
import { StreamLink } from '../parts/stream-link.tsx';
import { Player } from '../player/player.tsx';
import { t } from '../settings.ts';
import { flvUrl, hlsUrl, type StreamName, serverQuery, type Via } from '../urls.ts';

/** The player of one stream, for everybody who knows its address; `?via=ws` plays over a WebSocket, `?via=hls` by HLS. */
export function Play({ app, name }: { app: string; name: string }) {
  const search = new URLSearchParams(location.search);
  const via = viaOf(search.get('via'));
  const query = serverQuery(location.search);
  const stream: StreamName = { vhost: search.get('vhost') ?? '', app, name };
  const hls = hlsUrl(stream, location, query);
  useEffect(() => {
    document.title = `${name} · Headwater`;
  }, [name]);
  return (
    <article class="play">
      <h1>
        {name}
        <small>{app}</small>
      </h1>
      <Player name={name} source={{ url: via === 'hls' ? hls : flvUrl(stream, location, via, query), hls }} via={via} />
      <StreamLink stream={stream} />
      <details class="card other-ways">
        <summary>{t('otherWays')}</summary>
        <CopyLine label={t('pageLink')} text={location.href} />
        <Addresses stream={stream} query={query} />
      </details>
    </article>
  );
}

function viaOf(text: string | null): Via {
  return text === 'ws' || text === 'hls' ? text : 'http';
}
