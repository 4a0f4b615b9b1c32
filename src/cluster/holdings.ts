import type { Lease } from '../hub/lease.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Holding } from './directory/directory.ts';

/** Everything that is held is told again in so many heartbeats, so that the directory learns what it has forgotten. */
const ROUNDS = 4;
/** So many are told at a time. */
const MOST_AT_ONCE = 500;

/** The streams that a node owns: what it has to tell the directory of them, and what it has told. */
export class Holdings {
  readonly #leases = new Map<StreamPath, Lease>();
  /** The tokens of streams that have ended, until that is told. */
  readonly #ended = new Map<StreamPath, number>();
  /** What is to be told first. */
  readonly #news = new Set<StreamPath>();
  /** Who is told next of all others. */
  #turn: Iterator<StreamPath> | undefined;

  get(path: StreamPath): Lease | undefined {
    return this.#leases.get(path);
  }

  /** Whether there is something that was not told yet. */
  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** The lease of a stream is this now. */
  set(path: StreamPath, lease: Lease): void {
    this.#ended.delete(path);
    this.#leases.set(path, lease);
    this.#news.add(path);
  }

  /** A stream has ended. */
  end(path: StreamPath): void {
    const lease = this.#leases.get(path);
    if (!lease) return;
    this.#leases.delete(path);
    this.#ended.set(path, lease.token);
    this.#news.add(path);
  }

  /** A stream is somebody else's, and there is nothing to tell of it. */
  drop(path: StreamPath): void {
    this.#leases.delete(path);
    this.#ended.delete(path);
    this.#news.delete(path);
  }

  /** Everything is to be told again. */
  renew(): void {
    for (const path of this.#leases.keys()) this.#news.add(path);
  }

  /** What is to be told now: the news, and of everything else as much as its turn takes. */
  next(): Holding[] {
    const paths = new Set<StreamPath>();
    for (const path of this.#news) {
      if (paths.size === MOST_AT_ONCE) return this.#holdings(paths);
      paths.add(path);
    }
    const least = Math.min(paths.size + Math.ceil(this.#leases.size / ROUNDS), MOST_AT_ONCE, this.#leases.size);
    this.#turn ??= this.#leases.keys();
    while (paths.size < least) {
      const { value, done } = this.#turn.next();
      if (done) this.#turn = this.#leases.keys();
      else paths.add(value);
    }
    return this.#holdings(paths);
  }

  /** The directory has heard this: what has not changed meanwhile is no news any more. */
  told(holdings: readonly Holding[]): void {
    for (const { path, token, anchor, next, hasEnded } of holdings) {
      const lease = this.#leases.get(path);
      const isSame = lease?.token === token && lease.anchor === anchor && lease.next === next;
      if (hasEnded ? !lease : isSame) this.#news.delete(path);
      if (hasEnded) this.#ended.delete(path);
    }
  }

  #holdings(paths: Iterable<StreamPath>): Holding[] {
    return Array.from(paths, (path) => {
      const lease = this.#leases.get(path);
      if (lease) return { path, token: lease.token, anchor: lease.anchor, next: lease.next };
      return { path, token: this.#ended.get(path) ?? 0, hasEnded: true };
    });
  }
}
