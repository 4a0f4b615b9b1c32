/** A page of the console that has nothing in its address but its name. */
export type Section = 'overview' | 'sessions' | 'nodes' | 'recordings' | 'log' | 'config';

/** Where the visitor is, read from the address bar. */
export type Route =
  | { page: Section }
  | { page: 'play' | 'room' | 'stream'; app: string; name: string }
  | { page: 'watch' | 'session'; id: string }
  | { page: 'unknown' };

const sections: Readonly<Record<string, Section>> = {
  '/': 'overview',
  '/index.html': 'overview',
  '/sessions': 'sessions',
  '/nodes': 'nodes',
  '/recordings': 'recordings',
  '/log': 'log',
  '/config': 'config',
};

/** Reads a location's pathname; app and name are decoded, an app may have an instance (`live/room`). */
export function parseRoute(pathname: string): Route {
  const section = Object.hasOwn(sections, pathname) ? sections[pathname] : undefined;
  if (section) return { page: section };
  const one = /^\/(watch|sessions)\/([\w-]+)$/.exec(pathname);
  if (one) return { page: one[1] === 'watch' ? 'watch' : 'session', id: one[2]! };
  const match = /^\/(play|room|stream)\/(.+)\/([^/]+)$/.exec(pathname);
  if (!match) return { page: 'unknown' };
  try {
    const page = match[1] as 'play' | 'room' | 'stream';
    return { page, app: decodeURIComponent(match[2]!), name: decodeURIComponent(match[3]!) };
  } catch {
    return { page: 'unknown' }; // a malformed percent escape
  }
}
