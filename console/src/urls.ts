/** What names a stream: path `vhost/app/name`; an empty vhost is the default one. */
export interface StreamName {
  readonly vhost: string;
  readonly app: string;
  readonly name: string;
}

/** The parts of a page's location that URLs are made from (`window.location` is one). */
export interface Place {
  readonly protocol: string;
  /** With the port. */
  readonly host: string;
  /** Without the port; an IPv6 address has its brackets. */
  readonly hostname: string;
}

const defaultVhost = '__defaultVhost__';

/** Path and query of the player's page of a stream. */
export function playPath(stream: StreamName): string {
  return `/play/${escapePath(stream)}${vhostQuery(stream)}`;
}

/** Path and query of the page of a lesson, which plays by lines. */
export function roomPath(stream: StreamName): string {
  return `/room/${escapePath(stream)}${vhostQuery(stream)}`;
}

/** Path and query of the page on which the operator looks into a stream. */
export function streamPath(stream: StreamName): string {
  return `/stream/${escapePath(stream)}${vhostQuery(stream)}`;
}

/** A stream as the API names it: `live/movie`, with the vhost before it where that is not the default one. */
export function streamText({ vhost, app, name }: StreamName): string {
  return [vhost === defaultVhost ? '' : vhost, app, name].filter(Boolean).join('/');
}

/** How the page plays: FLV by HTTP or WebSocket, or HLS. */
export type Via = 'http' | 'ws' | 'hls';

/** The playlist of HLS; `query` as for {@link flvUrl}. */
export function hlsUrl(stream: StreamName, place: Place, query = vhostQuery(stream)): string {
  return `${place.protocol}//${place.host}/${escapePath(stream)}.m3u8${query}`;
}

/** HTTP-FLV, or WS-FLV with `via` = `ws`; `query` (such as a signed link's) is handed on to the server. */
export function flvUrl(
  stream: StreamName,
  place: Place,
  via: 'http' | 'ws' = 'http',
  query = vhostQuery(stream),
): string {
  const scheme = place.protocol.replace('http', via);
  return `${scheme}//${place.host}/${escapePath(stream)}.flv${query}`;
}

/** Where to push and pull by RTMP; `tcUrl`, as the publisher gave it, tells a port that is not the usual one. */
export function rtmpUrl(stream: StreamName, place: Place, tcUrl = ''): string {
  const port = Number(/^rtmps?:\/\/[^/]*:(\d{1,5})(?:[/?]|$)/.exec(tcUrl)?.[1] ?? 1935);
  return `rtmp://${place.hostname}${port === 1935 ? '' : `:${port}`}/${escapePath(stream)}${vhostQuery(stream)}`;
}

/** The vhost of a stream in an API answer: empty for the default, by `tcUrl` where the answer holds an SRS id. */
export function vhostOf(vhost: string, tcUrl: string): string {
  if (vhost === '' || vhost === defaultVhost) return '';
  if (!vhost.startsWith('vid-')) return vhost;
  const named = new URLSearchParams(tcUrl.split('?')[1] ?? '').get('vhost') ?? '';
  return named === defaultVhost ? '' : named;
}

/** The query of a player's page without what is meant for the player itself. */
export function serverQuery(search: string): string {
  const query = new URLSearchParams(search);
  query.delete('via');
  const text = query.toString();
  return text && `?${text}`;
}

/** The path by which the server knows a stream. */
export function pathOf({ vhost, app, name }: StreamName): string {
  return `${vhost || defaultVhost}/${app}/${name}`;
}

/** The name of a stream that the server knows by this path. */
export function nameOf(path: string): StreamName {
  const [vhost = '', ...rest] = path.split('/');
  return { vhost: vhost === defaultVhost ? '' : vhost, app: rest.slice(0, -1).join('/'), name: rest.at(-1) ?? '' };
}

function escapePath({ app, name }: StreamName): string {
  return [...app.split('/'), name].map(encodeURIComponent).join('/');
}

function vhostQuery({ vhost }: StreamName): string {
  return vhost && vhost !== defaultVhost ? `?vhost=${encodeURIComponent(vhost)}` : '';
}
