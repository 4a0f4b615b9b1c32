import { ProtocolError } from '../../../base/errors.ts';
import { DEFAULT_APP, DEFAULT_VHOST } from '../../../hub/path.ts';

/** What a client asks for by its `tcUrl` and a stream name. The names are not checked: {@link streamPath} does that. */
export interface Target {
  /** The host of the URL, without brackets and port. */
  readonly host: string;
  readonly vhost: string;
  readonly app: string;
  /** Empty if there is neither a stream name nor a path. */
  readonly name: string;
  /** All parameters, decoded. Those of the stream name win over those of the app. */
  readonly query: ReadonlyMap<string, string>;
  /** All parameters as they came, each once: `?key=value&…`, or empty. */
  readonly param: string;
}

const MAX_URL = 4096;
const URL_PARTS = /^[a-z][a-z0-9+.-]*:\/\/(\[[^\]]*\]|[^/:?#]*)(?::\d*)?(?=[/?#]|$)/i;
/** FMLE cannot type a `?` into its fields: the app `live...vhost...example.com` means `live?vhost=example.com`. */
const DOTS = '...vhost...';
/** FMLE's name for the default instance of an app. */
const DEFAULT_INSTANCE = '_definst_';

/**
 * Takes a `tcUrl` and a stream name apart as SRS does, in all the ways in which encoders spell them.
 * The URL's host is the vhost if it is one of `vhosts` and no parameter names another.
 */
export function parseTarget(tcUrl: string, streamName: string, vhosts: readonly string[] = []): Target {
  if (tcUrl.length + streamName.length > MAX_URL) throw new ProtocolError(`URL of more than ${MAX_URL} characters`);
  const url = URL_PARTS.exec(tcUrl);
  if (url === null) throw new ProtocolError('tcUrl is not a URL');
  const host = url[1].replace(/^\[(.*)\]$/, '$1');
  const appPart = splitQuery(straighten(tcUrl.slice(url[0].length), streamName));
  const streamPart = splitQuery(streamName);
  const { segments, dottedVhost } = splitPath(`${appPart.path}/${streamPart.path}`);
  const name = segments.pop() ?? '';

  const params = new Set([...appPart.params, ...streamPart.params]);
  const query = new Map([...params].map(decodeParam));
  const known = vhosts.includes(host.toLowerCase()) ? host.toLowerCase() : DEFAULT_VHOST;
  const vhost = query.get('vhost') || query.get('domain') || dottedVhost || known;
  const param = params.size === 0 ? '' : `?${[...params].join('&')}`;
  return { host, vhost, app: segments.join('/') || DEFAULT_APP, name, query, param };
}

/** What stands before the first `?` or `#`, and the parameters behind it. */
function splitQuery(part: string): { path: string; params: string[] } {
  const [path, ...params] = part.split(/[?#]/);
  return { path, params: params.flatMap((query) => query.split('&')).filter((param) => param !== '') };
}

/**
 * FMLE appends to the app's parameters what belongs to its path: `/app?k=v/name` is `/app/name?k=v`. With a stream name
 * given, only a default instance can follow: any other slash belongs to a value, such as a signature in base64.
 */
function straighten(app: string, streamName: string): string {
  const query = app.search(/[?#]/);
  const slash = app.lastIndexOf('/');
  if (query < 0 || slash < query) return app;
  const tail = app.slice(slash + 1);
  if (streamName !== '' && tail !== '' && tail !== DEFAULT_INSTANCE) return app;
  return `${app.slice(0, query)}/${tail}${app.slice(query, slash)}`;
}

function splitPath(path: string): { segments: string[]; dottedVhost: string } {
  let dottedVhost = '';
  const segments = path.split('/').map((segment) => {
    const [name, vhost] = segment.split(DOTS);
    dottedVhost ||= vhost?.split('...')[0] ?? '';
    return name;
  });
  return { segments: segments.filter((segment) => segment !== '' && segment !== DEFAULT_INSTANCE), dottedVhost };
}

function decodeParam(param: string): [string, string] {
  const at = param.indexOf('=');
  if (at < 0) return [decode(param), ''];
  return [decode(param.slice(0, at)), decode(param.slice(at + 1))];
}

/** Percent-decoded where that is possible; a `+` stays one, as signatures hold it bare. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
