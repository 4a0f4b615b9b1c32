import { RefusedError } from '../base/errors.ts';
import type { StreamPath } from '../hub/path.ts';
import { shortId } from '../hub/session.ts';
import type { Role, Stream } from '../hub/stream.ts';
import type { Serving } from './serve.ts';
import type { Cargo } from './takers.ts';

/** What is fetched because somebody waits for it, perhaps from several servers at the same time. */
export interface Demand {
  /** As which of them it is published here. */
  readonly role: Role;
}

/** A protocol by which this server is the client of others. */
export interface Dialer {
  /** Its name among sessions. */
  readonly protocol: string;
  /**
   * Fetches what is at `url` and publishes it on `path`, from its first frame on; with `demand` the server is asked to say at once
   * if it does not have it. Rejects with the reason why that is over: `RefusedError` `not-found` where it does not have it.
   */
  pull(url: string, path: StreamPath, serving: Serving, demand?: Demand): Promise<never>;
  /** Publishes a stream at `url`. Rejects with the reason why that is over. Absent where a protocol has no way to. */
  push?(url: string, stream: Stream, serving: Serving): Promise<never>;
  /** Publishes what was published here at `url`, and sends all of it: see {@link Taker.take}. */
  carry?(url: string, cargo: Cargo, serving: Serving): Promise<never>;
  /** Asks the server whether one may come with the parameters of `url`. Rejects when not, and where it cannot be asked. */
  ask?(url: string, signal: AbortSignal): Promise<void>;
}

/** Servers that a stream came through, and proxies between them; more are taken for a circle. */
const MOST_HOPS = 16;
const LONGEST_VIA = 512;

/** Who can be dialed, by the scheme of the URL; modules add what they speak. */
export class Dialers {
  /** What this server calls itself to those that it dials: new with every start. */
  readonly id: string;
  readonly #dialers = new Map<string, Dialer>();

  constructor(id: string = shortId()) {
    this.id = id;
  }

  /** Has URLs of a scheme, such as `rtmp`, dialed by `dialer`. */
  add(scheme: string, dialer: Dialer): void {
    this.#dialers.set(scheme, dialer);
  }

  find(scheme: string): Dialer | undefined {
    return this.#dialers.get(scheme);
  }

  /** What a server that is dialed is told: the ids that a stream came by, this server's last. */
  via(before = ''): string {
    return before === '' ? this.id : `${before} ${this.id}`;
  }

  /** The ids that a peer tells. Throws when this server is among them: what it asks for would go in circles. */
  checkVia(told: unknown): string {
    if (typeof told !== 'string' || told === '') return '';
    const hops = told.slice(0, LONGEST_VIA + 1).split(/[\s,]+/);
    if (hops.includes(this.id)) throw new RefusedError('forbidden', 'this leads back to the server that asks');
    if (told.length > LONGEST_VIA || hops.length > MOST_HOPS)
      throw new RefusedError('limit', 'it came by too many servers');
    return hops.join(' ');
  }
}
