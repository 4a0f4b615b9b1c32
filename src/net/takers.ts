import type { Trace } from '../hub/passage.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Reader } from '../hub/reader.ts';
import type { Standing } from '../hub/standing.ts';
import type { Stream } from '../hub/stream.ts';
import type { PublishWish } from './ingress.ts';
import type { Serving } from './serve.ts';

/** What is published here and goes to an origin, whose stream it is: what is kept of it here has times of its own. */
export interface Cargo {
  /** By which an origin recognizes it when it comes again. */
  readonly id: string;
  readonly wish: PublishWish;
  readonly stream: Stream;
  /** Where it stands, by the last word of an origin; undefined before that, and where origins say nothing. */
  readonly standing: Standing | undefined;
  /** The ids of the servers that it came by. */
  readonly via: string;
  /** The way from here back to its publisher; undefined when that one is gone. */
  trace(): Promise<Trace | undefined>;
  /** An origin takes it. Returns what is to be sent there. */
  accept(): Reader;
  /** The origin has all before a position, and perhaps says where it stands. */
  confirm(position: number, standing?: Standing): void;
}

/** Who wants to play a stream here. */
export interface PlayWish {
  readonly path: StreamPath;
  readonly remote: string;
  /** The decoded parameters of his URL. */
  readonly query: ReadonlyMap<string, string>;
  /** By which he comes. */
  readonly protocol: string;
  /** The ids of the servers that ask for him. */
  readonly via: string;
}

/** An origin to which can be published. */
export interface Taker {
  /** `host:port`, for people. */
  readonly name: string;
  readonly protocol: string;
  readonly remote: string;
  readonly isInner?: boolean;
  /** Whether it knows a publisher again that returns: to others he is in his own way. */
  readonly recognizes: boolean;
  /**
   * Publishes a cargo there and sends all of it. Rejects with the reason why that is over: what the stream ended with when everything
   * was sent, `RefusedError` with the origin's word when that does not want it.
   */
  take(cargo: Cargo, serving: Serving): Promise<never>;
  /** Asks it whether somebody may play. Rejects with `RefusedError` `forbidden` when not, and with others where it cannot be asked. */
  ask(wish: PlayWish, signal: AbortSignal): Promise<void>;
}

/** Names the origins that may take a stream, the best first. */
export type FindTakers = (path: StreamPath) => readonly Taker[] | Promise<readonly Taker[]>;

/** Where what is published here can go; modules add what they reach. */
export class Takers {
  readonly #finds: FindTakers[] = [];

  add(find: FindTakers): void {
    this.#finds.push(find);
  }

  /** All of them, the best first. */
  async find(path: StreamPath): Promise<readonly Taker[]> {
    return (await Promise.all(this.#finds.map(async (find) => find(path)))).flat();
  }
}
