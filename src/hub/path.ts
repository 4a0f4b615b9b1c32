import { RefusedError } from '../base/errors.ts';

/** Where a stream is found: `vhost/app/name`; the app may have several segments (`app/instance`). */
export type StreamPath = string;

/** The virtual host of all that name none. */
export const DEFAULT_VHOST = '__defaultVhost__';
/** The app of all that name none. */
export const DEFAULT_APP = '__defaultApp__';

const MAX_SEGMENTS = 8;
const SEGMENT = /^[A-Za-z0-9._~-]{1,128}$/;

/** The path of a stream. Throws `RefusedError` where a part is not made of allowed names. */
export function streamPath(vhost: string, app: string, name: string): StreamPath {
  const apps = app.split('/');
  if (apps.length > MAX_SEGMENTS) throw new RefusedError('forbidden', `the app has more than ${MAX_SEGMENTS} parts`);
  checkName('vhost', vhost);
  for (const segment of apps) checkName('app', segment);
  checkName('stream name', name);
  return `${vhost}/${app}/${name}`;
}

/** The parts of a path that {@link streamPath} made. */
export function parsePath(path: StreamPath): { vhost: string; app: string; name: string } {
  const first = path.indexOf('/');
  const last = path.lastIndexOf('/');
  return { vhost: path.slice(0, first), app: path.slice(first + 1, last), name: path.slice(last + 1) };
}

/** A path that another server told, once it is known to be one. Throws `RefusedError` where it is none. */
export function checkedPath(told: string): StreamPath {
  const { vhost, app, name } = parsePath(told);
  return streamPath(vhost, app, name);
}

/** A path as people write it: the vhost only where it is not the default one. */
export function describePath(path: StreamPath): string {
  return path.startsWith(`${DEFAULT_VHOST}/`) ? path.slice(DEFAULT_VHOST.length + 1) : path;
}

/**
 * The path that {@link describePath} describes: `app/name` or `vhost/app/name`. Of three names and more the first is a virtual
 * host if it has a dot. Throws `RefusedError` where it is none.
 */
export function readPath(text: string): StreamPath {
  const names = text.split('/');
  const hasVhost = names.length > 2 && (names[0] === DEFAULT_VHOST || names[0]!.includes('.'));
  const [vhost, ...rest] = hasVhost ? names : [DEFAULT_VHOST, ...names];
  return streamPath(vhost!, rest.slice(0, -1).join('/'), rest.at(-1) ?? '');
}

/** Throws `RefusedError` unless `name` is safe in a path, a URL and a file name; `what` names it for the peer. */
export function checkName(what: string, name: string): void {
  if (SEGMENT.test(name) && name !== '.' && !name.includes('..')) return;
  throw new RefusedError('forbidden', `the ${what} must be 1 to 128 of A-Z a-z 0-9 . _ ~ - without ".."`);
}
