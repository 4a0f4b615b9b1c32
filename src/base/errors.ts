/**
 * The three kinds of failure. They are thrown where they are found and caught once, by the session that they end.
 * A failed {@link assert} is the third kind: our own bug.
 */

/** The peer broke the rules of its protocol. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Why the server said no. */
export type RefusalCode =
  | 'not-found' // nothing is published on the path
  | 'busy' // somebody else publishes on the path
  | 'forbidden' // the access gate said no
  | 'limit' // a limit of the server is reached
  | 'too-large' // what the peer sends is larger than is taken
  | 'timeout' // the peer took too long
  | 'unsupported' // a well-formed wish that this server does not grant
  | 'gone' // the stream ended
  | 'changed' // the stream's codecs changed in a way that this output cannot follow
  | 'kicked' // an operator closed the session
  | 'shutdown'; // the server is stopping

/** The server said no, by policy, limit or absence. `message` is fit to be shown to the peer. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws unless `condition` holds: a rule of our own code, never of a peer's input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
