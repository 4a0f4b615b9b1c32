/** Where the visitor is, read from the address bar. */
export type Route =
  | { page: 'overview' }
  | { page: 'play' | 'room'; app: string; name: string }
  | { page: 'recordings' }
  | { page: 'watch'; id: string }
  | { page: 'unknown' };

/** Reads a location's pathname; app and name are decoded, an app may have an instance (`live/room`). */
export function parseRoute(pathname: string): Route {
  if (pathname === '/' || pathname === '/index.html') return { page: 'overview' };
  if (pathname === '/recordings') return { page: 'recordings' };
  const id = /^\/watch\/([\w-]+)$/.exec(pathname)?.[1];
  if (id !== undefined) return { page: 'watch', id };
  const match = /^\/(play|room)\/(.+)\/([^/]+)$/.exec(pathname);
  if (!match) return { page: 'unknown' };
  try {
    const page = match[1] === 'room' ? 'room' : 'play';
    return { page, app: decodeURIComponent(match[2]!), name: decodeURIComponent(match[3]!) };
  } catch {
    return { page: 'unknown' }; // a malformed percent escape
  }
}
