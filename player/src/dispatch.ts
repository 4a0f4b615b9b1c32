import { type Line, type Lines, type Move, readLines, readMove } from './line.ts';
import type { Failure } from './policy.ts';

/** What is asked for. */
export interface Wish {
  /** Such as `live/movie`. */
  readonly stream: string;
  /** Of the server that is asked: `http://192.0.2.4:8080`. */
  readonly server: string;
  /** What lets the viewer in, as it stands in a URL: `?token=…`, or nothing. */
  readonly query: string;
  /** Who asks: what is reserved for one who asks again is reserved once. */
  readonly viewer: string;
  readonly region: string;
  /** The protocols that can be played, the dearest first. */
  readonly protocols: readonly string[];
  /** The only lines, where no server is to be asked. */
  readonly lines: readonly Line[] | undefined;
}

/** What one hears from the server that gave the lines. */
export interface DispatchEvents {
  move(move: Move): void;
  /** The ranking has changed. */
  changed(): void;
}

const LONGEST_WAIT = 5_000;

/**
 * Asks for lines; who only wants to know how they are does not `reserve` a place. A server that has none to give is itself the only
 * line. Rejects with a {@link DispatchError}.
 */
export async function askForLines(wish: Wish, exclude: readonly string[], reserve: boolean): Promise<Lines> {
  const { stream, server, query, viewer, region, protocols, lines } = wish;
  if (lines) return { lines, events: '' };
  const body = JSON.stringify({
    stream,
    viewer,
    protocols,
    ...(region && { region }),
    ...(exclude.length && { exclude }),
    ...(!reserve && { reserve }),
  });
  const response = await fetch(`${server}/api/v1/lines${query}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(LONGEST_WAIT),
  }).catch(() => undefined);
  if (!response) throw new DispatchError({ kind: 'network' });
  if (response.status === 404) return { lines: [ownLine(wish)], events: '' };
  if (!response.ok) throw new DispatchError({ kind: 'status', status: response.status });
  return readLines(await response.json().catch(() => undefined), server);
}

/** The server's own line. */
function ownLine({ stream, server, query, protocols }: Wish): Line {
  const protocol = protocols[0]!;
  const parts = stream.split('/').map(encodeURIComponent);
  const base = protocol.startsWith('ws') ? server.replace(/^http/, 'ws') : server;
  const url = `${base}/${parts.join('/')}.${protocol.endsWith('-flv') ? 'flv' : 'm3u8'}${query}`;
  const { host } = new URL(server);
  return { id: `${host}/${protocol}`, node: host, name: host, region: '', protocol, url };
}

/** The server gave no lines. */
export class DispatchError extends Error {
  override readonly name = 'DispatchError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`no lines: ${failure.kind}`);
    this.failure = failure;
  }
}

/** Listens at an address for what changes; returns how to stop. */
export function listen(url: string, server: string, events: DispatchEvents): () => void {
  const stream = new EventSource(url);
  stream.addEventListener('move', (event: Event) => {
    const move = readMove(String((event as MessageEvent).data), server);
    if (move) events.move(move);
  });
  stream.addEventListener('lines', () => events.changed());
  return () => stream.close();
}
