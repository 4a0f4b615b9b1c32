import type { Duplex } from 'node:stream';
import { RefusedError } from '../base/errors.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Seen } from '../hub/seen.ts';
import { Backoff } from '../net/backoff.ts';
import { hangUp } from '../net/hang-up.ts';
import { Departure } from '../net/serve.ts';
import { Channel, orAbort } from './channel.ts';
import type { OriginLink } from './media/origin-link.ts';
import type { Announcement } from './messages.ts';

/** An origin, or another worker of this node, as those see it who fetch from it. */
export interface Source {
  /** `host:port`. */
  readonly name: string;
  readonly host: string;
  /** Its id, once it was ever reached. */
  readonly node: string | undefined;
  /** Whether it is another worker of this node. */
  readonly isInner?: boolean;
  /** What its wall clock shows more than ours, in microseconds; absent as long as it is not known. */
  readonly ahead?: number | undefined;
  /** Opens a stream of bytes. Rejects when it cannot be reached, or `signal` aborts. */
  open(signal: AbortSignal): Promise<Duplex>;
  /** How its media comes by UDP, unless it is known that it does not. */
  link?(): OriginLink | undefined;
  /** Has `listener` told when it was not heard for a second, until the function returned is called. */
  onDoubt?(listener: () => void): () => void;
  /** Has `action` called as soon as its media can come by UDP, at once where it can; the function returned prevents that. */
  onUp?(action: () => void): () => void;
}

/** A stream as an origin begins to send it. */
export interface Subscription {
  readonly path: StreamPath;
  readonly source: Source;
  readonly channel: Channel;
  readonly announcement: Announcement;
  /** What media comes by, if it comes by UDP. */
  readonly link: OriginLink | undefined;
}

/** How long an origin may take to say whether it has a stream, in milliseconds. */
const PATIENCE_MS = 5000;
/** The pauses between the questions to one that goes on by UDP, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [50, 500];

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
    answer.then((other) => other !== winner && leave(other.channel)).catch(() => {});
    losing.abort(new Error('another origin was faster'));
  }
  return winner;
}

/** Rejects with the reason when the origin does not have the stream. */
async function ask(source: Source, path: StreamPath, seen: Seen, signal: AbortSignal): Promise<Subscription> {
  const { channel, answer, link } = await subscribe({ source, path, seen }, signal);
  if (answer.op === 'announce' && answer.token >= seen.token)
    return { path, source, channel, announcement: answer, link };
  leave(channel);
  throw new RefusedError('not-found', `${source.name} does not have the stream`);
}

/**
 * Asks an origin again for a stream whose media it goes on sending by UDP, until it can be asked. Rejects when it sends that no more,
 * or `signal` aborts.
 */
export async function askToGoOn(
  { source, path, link }: Subscription,
  ssrc: number,
  signal: AbortSignal,
): Promise<{ readonly channel: Channel; readonly session: string | undefined }> {
  const backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
  for (;;) {
    const asked = await subscribe({ source, path, ssrc }, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (asked?.answer.op === 'announce' && asked.link === link && asked.answer.media?.ssrc === ssrc)
      return { channel: asked.channel, session: asked.answer.session };
    if (asked) {
      leave(asked.channel);
      throw new Departure('the origin sends it anew');
    }
    await backoff.wait(signal);
  }
}

/** What is asked for at whom: how far it was seen, and what of it comes by UDP already. */
interface Question {
  readonly source: Source;
  readonly path: StreamPath;
  readonly seen?: Seen;
  readonly ssrc?: number;
}

/** Opens a subscription. Rejects when it is not answered. */
async function subscribe({ source, path, seen, ssrc }: Question, signal: AbortSignal) {
  const channel = new Channel(await source.open(AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])));
  try {
    // Known only now that there is a connection.
    const link = source.link?.();
    const media = link && { ...link.wish, ...(ssrc !== undefined && { ssrc }) };
    const before = seen && seen.token > 0 && { seen: told(seen) };
    channel.send({ op: 'subscribe', path, ...(media && { media }), ...before });
    const answer = await channel.hear(signal, PATIENCE_MS);
    const isGranted = answer.op === 'announce' && answer.media !== undefined;
    if (isGranted) await expectUp(link, signal);
    return { channel, link: isGranted ? link : undefined, answer };
  } catch (error) {
    channel.stream.destroy();
    throw error;
  }
}

/** Media was granted before it was known whether it would come. Rejects when it does not. */
async function expectUp(link: OriginLink | undefined, signal: AbortSignal): Promise<void> {
  if (link) await orAbort(link.answered, signal);
  if (!link?.isUp) throw new Departure('media by UDP does not come through');
}

function told({ token, dts }: Seen): { token: number; dts?: number } {
  return { token, ...(Number.isFinite(dts) && { dts }) };
}

/** Ends a subscription, and says so: one that merely breaks off would be waited for. Idempotent. */
export function leave(channel: Channel): void {
  if (!channel.stream.writable) return;
  channel.send({ op: 'ended', code: 'gone', message: 'it is wanted no more' });
  hangUp(channel.stream);
}
