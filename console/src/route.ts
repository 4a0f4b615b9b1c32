/** Where the visitor is, read from the address bar. */
export type Route =
  | { page: 'overview' }
  | { page: 'play'; app: string; name: string }
  | { page: 'recordings' }
  | { page: 'watch'; id: string }
  | { page: 'unknown' };

/** Reads a location's pathname; app and name are decoded, an app may have an instance (`live/room`). */
export function parseRoute(pathname: string): Route {
  if (pathname === '/' || pathname === '/index.html') return { page: 'overview' };
  if (pathname === '/recordings') return { page: 'recordings' };
  const id = /^\/watch\/([\w-]+)$/.exec(pathname)?.[1];
  if (id !== undefined) return { page: 'watch', id };
  const match = /^\/play\/(.+)\/([^/]+)$/.exec(pathname);
  if (!match) return { page: 'unknown' };
  try {
    return { page: 'play', app: decodeURIComponent(match[1]!), name: decodeURIComponent(match[2]!) };
  } catch {
    return { page: 'unknown' }; // a malformed percent escape
  }
}
