import type { Clock } from '../base/clock.ts';
import type { RefusedError } from '../base/errors.ts';
import type { Passage } from './passage.ts';

/** What is known of a peer when it connects. */
export interface Peer {
  /** The protocol by the name of its module, such as `rtmp` or `http-flv`. */
  readonly protocol: string;
  /** The peer's IP address. */
  readonly remote: string;
  /** See {@link Session.isInner}. */
  readonly isInner?: boolean | undefined;
  /** Ends the session from outside, for the reason given. Must not throw. */
  readonly close: (reason: RefusedError) => void;
}

/** Where media comes from: the id of the session that brings it. */
export interface Traceable {
  readonly trace: string | undefined;
}

/** How many watch a stream at a node by a protocol; `node` is empty for the one that tells, `protocol` where that is not known. */
export interface Watching {
  readonly node: string;
  readonly protocol: string;
  readonly viewers: number;
}

/** One connected peer, whatever protocol it speaks: all that the API, the logs, metrics and the access gate need of it. */
export class Session {
  /** Short and unique among the sessions of this node; every log line of the session carries it. */
  readonly id: string;
  readonly protocol: string;
  readonly remote: string;
  /** Whether the peer is another worker of this node: no list shows it, and nothing is counted for it. */
  readonly isInner: boolean;
  /** Wall clock of its beginning, in microseconds since 1970. */
  readonly since: number;
  role: 'publish' | 'play' | undefined;
  /** The stream's path, `vhost/app/name`, once it is known. */
  path: string | undefined;
  /** Media bytes received from and written to the peer. */
  bytesIn = 0;
  bytesOut = 0;
  /** Of a node that fetches a stream: how many watch that there, and at the nodes that have it from there, as it tells. */
  audience = 0;
  /** The same by node and protocol, as far as it tells that. */
  watching: readonly Watching[] = [];
  /** Frames that the peer did not get because it was too slow. */
  skipped = 0;
  /** What the peer says of itself, such as `tcUrl`, `pageUrl`, `encoder`; never with secrets in it. */
  readonly detail: Record<string, string> = {};
  /** What its media comes from. */
  source: Traceable | undefined;
  /** How the stream that it publishes comes to this node, where that is by another one. */
  passage: Passage | undefined;
  readonly #close: (reason: RefusedError) => void;

  constructor(id: string, peer: Peer, since: number) {
    this.id = id;
    this.protocol = peer.protocol;
    this.remote = peer.remote;
    this.isInner = peer.isInner === true;
    this.since = since;
    this.#close = peer.close;
  }

  /** The session to look at next on the way to the publisher; undefined where this is the publisher, or that is not known. */
  get trace(): string | undefined {
    return this.source?.trace;
  }

  /** Asks the session to end. */
  close(reason: RefusedError): void {
    this.#close(reason);
  }
}

/** The sessions of this node. */
export class Sessions {
  readonly #clock: Clock;
  readonly #byId = new Map<string, Session>();
  readonly #onLeave: ((session: Session, isGone: boolean) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Registers a peer under a new id. */
  open(peer: Peer): Session {
    let id = shortId();
    while (this.#byId.has(id)) id = shortId();
    const session = new Session(id, peer, this.#clock.wall());
    this.#byId.set(id, session);
    return session;
  }

  /** Takes a session off the list. */
  remove(session: Session): void {
    this.#byId.delete(session.id);
    for (const listener of this.#onLeave) listener(session, true);
  }

  /** A session publishes or plays no more, and may begin anew. */
  settle(session: Session): void {
    for (const listener of this.#onLeave) listener(session, false);
  }

  /** Has `listener`, which must not throw, told of every session that publishes or plays no more, and whether it is gone. */
  onLeave(listener: (session: Session, isGone: boolean) => void): void {
    this.#onLeave.push(listener);
  }

  find(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#byId.values();
  }
}

/** Eight characters to tell things apart by; not a secret. */
export function shortId(): string {
  return Math.random().toString(36).slice(2, 10).padEnd(8, '0');
}
