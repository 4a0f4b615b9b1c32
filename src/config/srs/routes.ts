import { DEFAULT_VHOST } from '../../hub/path.ts';
import { feature, find, first, isEnabled, type Place, type Rule, warn, without, wrong } from './rules.ts';

const SERVER = /^(?:(rtmps?):\/\/)?((?:\[[\da-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?)$/;

/** `[scheme://]host[:port]` as the beginning of a URL. */
export function serverUrl(place: Place, text: string, scheme: string): string {
  const [, given = scheme, server] = SERVER.exec(text) ?? [];
  if (server === undefined) throw wrong(place, 'is no host or host:port');
  return `${given}://${server}`;
}

/** All streams of a virtual host, as patterns name them. */
function streamsOf(vhost: string): string {
  return vhost === DEFAULT_VHOST ? '*/*' : `${vhost}/*/*`;
}

/** What tells another server of a virtual host. */
export function vhostParameter(vhost: string): string {
  return vhost === DEFAULT_VHOST ? '' : `?vhost=${vhost}`;
}

function forwardTo(place: Place): void {
  const { directive, to, vhost } = place;
  for (const server of directive.args) {
    const url = `${serverUrl(place, server, 'rtmp')}/[app]/[stream]${vhostParameter(vhost)}`;
    to.add('routes', { from: streamsOf(vhost), to: url }, directive.where);
  }
}

const forwardBlock = feature({ destination: forwardTo, backend: without('nobody is asked where a stream is to go') });

/** Streams pushed to other servers; in old files the servers are its arguments. */
export const forward: Rule = Object.assign(
  (place: Place) => (place.directive.block ? forwardBlock(place) : forwardTo(place)),
  { rules: forwardBlock.rules! },
);

/** Where ffmpeg of SRS publishes: `rtmp://127.0.0.1:[port]/app/name?vhost=[vhost]`, or with the parameter before the name. */
const OUTPUT = /^rtmp:\/\/[^/]+\/([\w.~-]+)(?:\?vhost=\[?[\w.-]+\]?)?\/([\w.~-]+)(?:\?vhost=\[?[\w.-]+\]?)?$/;

/** A stream fetched from elsewhere. */
export const ingest: Rule = Object.assign(
  (place: Place) => {
    const { directive, to, vhost } = place;
    if (!isEnabled(directive)) return;
    const engine = find(directive, 'engine');
    const url = find(find(directive, 'input'), 'url');
    const [, app, name] = OUTPUT.exec(find(engine, 'output')?.args[0] ?? '') ?? [];
    if (vhost !== DEFAULT_VHOST) return warn(place, 'streams are fetched into the default virtual host alone');
    if (!url || name === undefined)
      return warn(place, 'it needs a url, and an output such as rtmp://127.0.0.1:[port]/live/name');
    const isCopied =
      !isEnabled(engine) || ['vcodec', 'acodec'].every((codec) => (find(engine, codec)?.args[0] ?? 'copy') === 'copy');
    if (!isCopied) warn(place, 'nothing is transcoded: it is fetched as it is');
    to.add('routes', { from: sourceOf(first({ ...place, directive: url })), to: `${app}/${name}` }, url.where);
  },
  { rules: 'any' as const },
);

/** A file is told from a URL by how it begins. */
function sourceOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/|^\.{0,2}\//i.test(url) ? url : `./${url}`;
}
