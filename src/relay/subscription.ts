import type { Duplex } from 'node:stream';
import { RefusedError } from '../base/errors.ts';
import type { Seen } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import { Channel } from './channel.ts';
import type { OriginLink } from './media/origin-link.ts';
import type { Announcement } from './messages.ts';

/** An origin, as those see it who fetch from it. */
export interface Source {
  /** `host:port`. */
  readonly name: string;
  readonly host: string;
  /** Its id, once it was ever reached. */
  readonly node: string | undefined;
  /** Opens a stream of bytes. Rejects when it cannot be reached, or `signal` aborts. */
  open(signal: AbortSignal): Promise<Duplex>;
  /** How its media comes by UDP, once it is known whether it does. */
  link?(): Promise<OriginLink | undefined>;
  /** Has `listener` told when it was not heard for a second, until the function returned is called. */
  onDoubt?(listener: () => void): () => void;
}

/** A stream as an origin begins to send it. */
export interface Subscription {
  readonly source: Source;
  readonly channel: Channel;
  readonly announcement: Announcement;
  /** What media was asked for by. */
  readonly link: OriginLink | undefined;
}

/** How long an origin may take to say whether it has a stream, in milliseconds. */
const PATIENCE_MS = 5000;

/** Asks all origins at once: the first that has the stream, by an owner who is not outdated, is taken. `undefined` when nobody has it. */
export async function askAll(
  sources: readonly Source[],
  path: StreamPath,
  seen: Seen,
  signal: AbortSignal,
): Promise<Subscription | undefined> {
  const asked = sources.map((source) => {
    const losing = new AbortController();
    return { losing, answer: ask(source, path, seen, AbortSignal.any([signal, losing.signal])) };
  });
  const winner = await Promise.any(asked.map(({ answer }) => answer)).catch(() => undefined);
  for (const { losing, answer } of asked) {
    answer.then((other) => other !== winner && other.channel.stream.destroy()).catch(() => {});
    losing.abort(new Error('another origin was faster'));
  }
  return winner;
}

/** Rejects with the reason when the origin does not have the stream. */
async function ask(source: Source, path: StreamPath, seen: Seen, signal: AbortSignal): Promise<Subscription> {
  const channel = new Channel(await source.open(AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])));
  try {
    const link = await source.link?.();
    channel.send({
      op: 'subscribe',
      path,
      ...(link && { media: link.wish }),
      ...(seen.token > 0 && { seen: told(seen) }),
    });
    const announcement = await channel.hear(signal, PATIENCE_MS);
    if (announcement.op === 'announce' && announcement.token >= seen.token)
      return { source, channel, announcement, link };
    throw new RefusedError('not-found', `${source.name} does not have the stream`);
  } catch (error) {
    channel.stream.destroy();
    throw error;
  }
}

function told({ token, dts }: Seen): { token: number; dts?: number } {
  return { token, ...(Number.isFinite(dts) && { dts }) };
}
