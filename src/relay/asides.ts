import { z } from 'zod';
import { ProtocolError } from '../base/errors.ts';
import { MOST_WATCHING } from '../net/watching.ts';
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

/** What is said beside the frames of a subscription. Who does not know such messages leaves them out. */
export type Aside = z.infer<typeof aside>;
/** How a stream comes to an origin. */
export type StreamState = z.infer<typeof state>;

/** An aside from the body of its message. Throws {@link ProtocolError}. */
export function readAside(body: Uint8Array): Aside {
  try {
    return aside.parse(JSON.parse(Buffer.from(body).toString()));
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
