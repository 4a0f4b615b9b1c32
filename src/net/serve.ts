import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { Session, Sessions } from '../hub/session.ts';
import type { Logger } from '../ops/log.ts';

/** What a session is run with. */
export interface Serving {
  readonly session: Session;
  /** Every line carries the session's id. */
  readonly log: Logger;
  /** Aborts, with a {@link RefusedError}, when somebody else ends the session. */
  readonly signal: AbortSignal;
  /** To be called once it is known what the peer came for: writes the line of the session's start. */
  readonly begin: (role: 'publish' | 'play', path: string) => void;
}

/** What is needed to run sessions. */
export interface Ground {
  readonly sessions: Sessions;
  readonly log: Logger;
}

/** The peer is gone or has said that it leaves: an ordinary end, with its reason in plain words. */
export class Departure extends Error {
  override readonly name = 'Departure';
}

/**
 * Runs one session to its end. Whatever `run` throws ends this session and no other, and is logged in one line.
 * Resolves to what ended it, for the protocol's own good-bye; never rejects.
 */
export async function serve(
  { sessions, log }: Ground,
  peer: { readonly protocol: string; readonly remote: string },
  run: (serving: Serving) => Promise<void>,
): Promise<unknown> {
  const ending = new AbortController();
  const session = sessions.open({ ...peer, close: (reason) => ending.abort(reason) });
  const own = log.child({ session: session.id });
  const begin = (role: 'publish' | 'play', path: string) => {
    session.role = role;
    session.path = path;
    own.info({ ...peer, path, ...session.detail }, `${role} begins`);
  };
  let cause: unknown;
  try {
    await run({ session, log: own, signal: ending.signal, begin });
  } catch (error) {
    cause = error;
  } finally {
    sessions.remove(session);
    report(own, session, cause);
  }
  return cause;
}

/** The one line of a session's end. */
function report(log: Logger, session: Session, cause: unknown): void {
  const { protocol, remote, role, path, bytesIn, bytesOut, skipped, since } = session;
  const seconds = Math.round(Date.now() - since / 1000) / 1000;
  const fields = { protocol, remote, path, seconds, bytesIn, bytesOut, skipped, ...classify(cause) };
  const message = `${role ?? 'session'} ends`;
  if (cause && !isExpected(cause)) log.error({ ...fields, error: cause }, message);
  // One who never said anything, such as a health check by TCP, is no event.
  else if (!role && bytesIn === 0) log.debug(fields, message);
  else log.info(fields, message);
}

function classify(cause: unknown): { reason: string; code?: string } {
  if (cause === undefined) return { reason: 'done' };
  if (cause instanceof RefusedError) return { reason: cause.message, code: cause.code };
  if (cause instanceof ProtocolError) return { reason: cause.message, code: 'protocol' };
  return { reason: cause instanceof Error ? cause.message : String(cause) };
}

function isExpected(cause: unknown): boolean {
  return cause instanceof Departure || cause instanceof RefusedError || cause instanceof ProtocolError;
}
