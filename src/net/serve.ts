import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { Hub } from '../hub/hub.ts';
import type { Session, Sessions } from '../hub/session.ts';
import type { Logger } from '../ops/log.ts';

/** What is needed to run sessions. */
export interface Ground {
  readonly sessions: Sessions;
  readonly log: Logger;
  /** What is here already: a viewer's first line tells from where. */
  readonly hub?: Pick<Hub, 'find'>;
}

/** Whom a session is with. */
export interface ServedPeer {
  readonly protocol: string;
  readonly remote: string;
  /** Whether we only look whether it has something: that it has not is no event. */
  readonly isAttempt?: boolean;
  /** Whether it is another worker of this node. */
  readonly isInner?: boolean | undefined;
}

/** The peer is gone or has said that it leaves: an ordinary end, with its reason in plain words. */
export class Departure extends Error {
  override readonly name = 'Departure';
}

/** What a session is run with. */
export class Serving {
  readonly session: Session;
  readonly #ground: Ground;
  readonly #ending = new AbortController();

  constructor(ground: Ground, peer: ServedPeer) {
    this.session = ground.sessions.open({ ...peer, close: (reason) => this.end(reason) });
    this.#ground = ground;
  }

  /** Aborts when the session is to end. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** A log whose every line carries the session's id. Made when asked for: most sessions have nothing to say in between. */
  get log(): Logger {
    return this.#ground.log.child({ session: this.session.id });
  }

  /** To be called once it is known what the peer came for: writes the line of the session's start. */
  begin(role: 'publish' | 'play', path: string): void {
    const { session } = this;
    const { log, hub } = this.#ground;
    session.role = role;
    session.path = path;
    if (role === 'play') session.source ??= hub?.find(path);
    const { id, protocol, remote, detail, isInner, trace } = session;
    log[isInner ? 'debug' : 'info']({ session: id, protocol, remote, path, trace, ...detail }, `${role} begins`);
  }

  /** Asks the session to end, for the reason given. */
  end(reason: unknown): void {
    this.#ending.abort(reason);
  }
}

/**
 * Runs one session to its end. Whatever `run` throws ends this session and no other, and is logged in one line.
 * Resolves to what ended it, for the protocol's own good-bye; never rejects.
 */
export async function serve(
  ground: Ground,
  peer: ServedPeer,
  run: (serving: Serving) => Promise<void>,
): Promise<unknown> {
  const serving = new Serving(ground, peer);
  let cause: unknown;
  try {
    await run(serving);
  } catch (error) {
    cause = error;
  } finally {
    ground.sessions.remove(serving.session);
    report(ground.log, serving.session, cause, peer.isAttempt);
  }
  return cause;
}

/** The one line of a session's end. */
function report(log: Logger, session: Session, cause: unknown, isAttempt = false): void {
  const { id, protocol, remote, role, path, bytesIn, bytesOut, skipped, since, isInner, trace } = session;
  const seconds = Math.round(Date.now() - since / 1000) / 1000;
  const fields = {
    session: id,
    protocol,
    remote,
    path,
    trace,
    seconds,
    bytesIn,
    bytesOut,
    skipped,
    ...classify(cause),
  };
  const message = `${role ?? 'session'} ends`;
  if (cause && !isExpected(cause)) log.error({ ...fields, error: cause }, message);
  // One who never said anything, such as a health check by TCP, is no event.
  else if (isInner || (!role && (isAttempt || bytesIn === 0))) log.debug(fields, message);
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
