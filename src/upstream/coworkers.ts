import { z } from 'zod';
import { parsePath, type StreamPath } from '../hub/path.ts';
import { askHttp } from '../net/ask-http.ts';
import type { Locator, Whereabouts } from '../net/locators.ts';
import { authority } from '../net/server-url.ts';
import { type Server, urlOf } from './server.ts';

/** How long a coworker may take to answer, in milliseconds. */
const PATIENCE_MS = 2000;
const LARGEST_ANSWER = 64 * 1024;
/** For how long what was found is told to others, in milliseconds. */
const KEEP_MS = 1000;

/** What a coworker answers; SRS has null for a stream that it does not have. */
const answer = z.object({
  code: z.literal(0),
  data: z.object({
    origin: z.object({ ip: z.string().regex(/^[\w.:-]{1,253}$/), port: z.int().min(1).max(65_535) }).nullable(),
  }),
});

/** Asks a coworker, `host:port` of its API, where it plays a stream. Rejects when it does not answer as one. */
async function ask(
  coworker: string,
  path: StreamPath,
  host: string,
  signal: AbortSignal,
): Promise<Whereabouts | undefined> {
  const { vhost, app, name } = parsePath(path);
  const query = new URLSearchParams({ vhost, ip: host, app, stream: name, coworker });
  const url = `http://${coworker}/api/v1/clusters?${query}`;
  const text = await askHttp(url, { signal, patience: PATIENCE_MS, largest: LARGEST_ANSWER });
  const read = answer.safeParse(readJson(text));
  if (!read.success) throw new Error('it does not answer as a coworker');
  const { origin } = read.data.data;
  return origin ? { host: origin.ip, port: origin.port } : undefined;
}

/** Undefined for what is no JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A coworker as a server that may have streams. */
export function coworkerAt(coworker: string): Server {
  const own = coworker.replace(/:\d+$/, '');
  return {
    name: coworker,
    isPreferred: false,
    async locate(path, signal) {
      const place = await ask(coworker, path, own, signal);
      return place && urlOf(`rtmp://${authority(place)}/[app]/[stream]`, path);
    },
  };
}

/** Finds streams at coworkers, who are all asked at once; those who want the same at the same time share an answer. */
export function coworkerLocator(coworkers: readonly string[]): Locator {
  const known = new Map<string, Promise<Whereabouts | undefined>>();
  return (path, host) => {
    const key = `${host} ${path}`;
    const present = known.get(key);
    if (present) return present;
    const found = askAll(coworkers, path, host);
    known.set(key, found);
    void found.then((place) => {
      if (!place) known.delete(key);
      else setTimeout(() => known.delete(key), KEEP_MS).unref();
    });
    return found;
  };
}

async function askAll(coworkers: readonly string[], path: StreamPath, host: string): Promise<Whereabouts | undefined> {
  const asking = new AbortController();
  const answers = coworkers.map((coworker) =>
    ask(coworker, path, host, asking.signal).then((place) => place ?? Promise.reject()),
  );
  const first = await Promise.any(answers).catch(() => undefined);
  asking.abort();
  return first;
}
