import { z } from 'zod';
import { ProtocolError } from '../base/errors.ts';
import { MOST_WATCHING } from '../net/watching.ts';
import type { Logger } from '../ops/log.ts';
import { blankMessage, MESSAGE_HEAD, MessageType } from './wire/message.ts';

const microseconds = z.number();

/**
 * What an origin says of a stream that it sends: what the owner's wall clock shows more than its own, how late the median frame
 * comes to it, and which session brings it there. Each is absent as long as it is not known.
 */
const state = z.object({
  op: z.literal('state'),
  ahead: microseconds.optional(),
  delay: microseconds.nonnegative().optional(),
  trace: z.string().max(256).optional(),
});

const viewers = z.int().nonnegative();
/** Those who watch by node and protocol; the node is empty where it is the one that tells. */
const watching = z.object({ node: z.string().max(64), protocol: z.string().max(32), viewers });

/** What a subscriber says: how many watch the stream there, and at the nodes that have it from there, and at which of them by which protocol. */
const audience = z.object({
  op: z.literal('audience'),
  viewers,
  watching: z.array(watching).max(MOST_WATCHING).readonly().optional(),
});

/** What an origin says of a stream that comes by UDP before it says that it is over: the number of the packet after the last. */
const last = z.object({ op: z.literal('last'), sequence: z.int().nonnegative() });

const aside = z.discriminatedUnion('op', [state, audience, last]);

/** What a newer version says: no more of it is known than its kind. */
const unknown = z
  .object({ op: z.string().max(64) })
  .refine(({ op }) => !aside.options.some(({ shape }) => shape.op.value === op))
  .transform(({ op: kind }) => ({ op: 'unknown' as const, kind }));

const heard = z.union([aside, unknown]);

/** What is said beside the frames of a subscription, or beside any other messages. Who does not know one, or does not expect it, leaves it out. */
export type Aside = z.infer<typeof aside>;
/** An aside as it was heard. */
export type HeardAside = z.infer<typeof heard>;
/** How a stream comes to an origin. */
export type StreamState = z.infer<typeof state>;

/** An aside from the body of its message. Throws {@link ProtocolError} where it is none, or malformed though of a known kind. */
export function readAside(body: Uint8Array): HeardAside {
  try {
    return heard.parse(JSON.parse(Buffer.from(body).toString()));
  } catch {
    throw new ProtocolError(`no aside: ${Buffer.from(body.subarray(0, 100)).toString()}`);
  }
}

/** An aside as a whole message. */
export function writeAside(said: Aside): Uint8Array {
  const json = Buffer.from(JSON.stringify(said));
  const message = blankMessage(MessageType.aside, json.length);
  message.set(json, MESSAGE_HEAD);
  return message;
}

/** So many kinds of unknown asides are told of: a version that is a little newer has fewer. */
const MOST_KINDS = 16;

/** The asides that were left out because this version does not know them: the log has one line for each kind. */
export class UnknownAsides {
  readonly #log: Logger;
  readonly #kinds = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** An aside of this kind has come in a session. */
  note(kind: string, session: string): void {
    if (this.#kinds.has(kind) || this.#kinds.size === MOST_KINDS) return;
    this.#kinds.add(kind);
    this.#log.info({ session, aside: kind }, 'a node says what this version does not know: it is left out');
  }
}
