import { DEFAULT_VHOST, describePath, type StreamPath, streamPath } from '../hub/path.ts';
import { filled, schemeOf, URL_PARTS } from '../net/server-url.ts';
import { maskSecrets } from '../ops/log.ts';

/** One rule as it stands in the configuration. */
export interface RouteText {
  readonly from: string;
  readonly to: string;
}

/** Streams of ours that go to another server. */
export interface ForwardRule {
  readonly kind: 'forward';
  /** As may be shown. */
  readonly from: string;
  readonly to: string;
  fits(path: StreamPath): boolean;
  /** Where a stream goes, and the same as it may be shown. */
  target(path: StreamPath): { readonly url: string; readonly shown: string };
}

/** What becomes a stream of ours. */
export interface FetchRule {
  readonly kind: 'fetch';
  readonly url: string;
  readonly path: StreamPath;
  /** As may be shown. */
  readonly from: string;
  readonly to: string;
}

/** One rule, understood. */
export type Rule = ForwardRule | FetchRule;

const PUSHED = /^rtmps?$/i;
const FILE = /^\.{0,2}\//;
const PATTERN = /^[\w.~*-]+(?:\/[\w.~*-]+)+$/;

/** Understands a rule; throws an `Error` that says what is wrong, and shows no secret. */
export function readRule({ from, to }: RouteText): Rule {
  return URL_PARTS.test(to) ? forwardRule(from, to) : fetchRule(from, to);
}

function forwardRule(from: string, to: string): ForwardRule {
  if (!PUSHED.test(schemeOf(to))) throw new Error('streams are pushed to rtmp:// or rtmps:// alone');
  if (to.includes('@')) throw new Error('a URL with a user and a password cannot be pushed to');
  if (!PATTERN.test(from))
    throw new Error('what is pushed is a stream of this server, app/name, where * stands for any');
  const whole = completed(to);
  if (from.includes('*') && !whole.includes('[stream]')) {
    throw new Error('a pattern of streams needs the name in its target: [stream], or a / at the end');
  }
  const pattern = new RegExp(`^${from.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  const shown = masked(whole, from.slice(from.lastIndexOf('/') + 1));
  return {
    kind: 'forward',
    from,
    to: shown,
    fits: (path) => pattern.test(describePath(path)),
    target: (path) => ({ url: filled(whole, path), shown: filled(shown, path) }),
  };
}

function fetchRule(from: string, to: string): FetchRule {
  if (!URL_PARTS.test(from) && !FILE.test(from)) {
    throw new Error(
      'one end is a stream of this server, app/name, and the other a URL or a file that begins with / or ./',
    );
  }
  const at = to.lastIndexOf('/');
  if (at < 1) throw new Error('a stream of this server is named app/name');
  const path = streamPath(DEFAULT_VHOST, to.slice(0, at), to.slice(at + 1));
  return { kind: 'fetch', url: from, path, from: maskSecrets(from), to };
}

/** What a target leaves out is that of the stream: its name behind a slash, or app and name. */
function completed(to: string): string {
  const [, scheme, authority, path = '', rest = ''] = URL_PARTS.exec(to)!;
  const depth = path.split('/').filter((segment) => segment !== '').length;
  const bare = path.replace(/\/+$/, '');
  const whole = depth === 0 ? '/[app]/[stream]' : depth === 1 || path.endsWith('/') ? `${bare}/[stream]` : path;
  return `${scheme}://${authority}${whole}${rest}`;
}

/** A name that is not ours is a stream key at most services. */
function masked(url: string, ours: string): string {
  const [, scheme, authority, path = '', rest = ''] = URL_PARTS.exec(url)!;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const isOpen = name === ours || name.includes('[stream]');
  const shown = isOpen ? path : `${path.slice(0, -name.length)}***`;
  return maskSecrets(`${scheme}://${authority}${shown}${rest}`);
}
