import type { Lease, Leases } from './lease.ts';
import type { Stream } from './stream.ts';

/** So many numbers of segments are given away in advance: as many at most are left out after a crash. */
const NUMBERS_AHEAD = 16;
/** Of so many streams that have ended the tokens are remembered. */
const MOST_REMEMBERED = 10_000;

/** What becomes of the leases of a hub's streams, and which tokens were ever seen. */
export class Tenures {
  readonly #leases: Leases;
  /** The tokens of streams that have ended, the oldest first. */
  readonly #tokens = new Map<string, number>();
  /** How many claims are under way, by path. */
  readonly #claims = new Map<string, number>();

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /** The token of a stream of this name that has ended here; 0 where none is remembered. */
  tokenOf(path: string): number {
    return this.#tokens.get(path) ?? 0;
  }

  /** Whether a stream is about to be published here: it may be ours already, and nobody has heard so. */
  isClaiming(path: string): boolean {
    return this.#claims.has(path);
  }

  /** The lease to publish a stream under, above the token that was `seen`; see {@link Leases.claim}. */
  claim(path: string, present: Stream | undefined, seen: number): Promise<Lease> {
    const held = present && !present.mirrored ? present.lease : undefined;
    return this.#counted(path, () => this.#leases.claim(path, held, seen));
  }

  /** The lease of a stream whose owner, if it is another one, is known to have failed. */
  inherit({ path, lease, mirrored }: Stream): Promise<Lease> {
    const { token } = lease;
    return this.#counted(path, () => this.#leases.claim(path, mirrored ? undefined : lease, token, mirrored && token));
  }

  /** Has a stream of ours go on under a token above one that was seen. Rejects when it is ours no more. */
  async raise(stream: Stream, seen: number): Promise<void> {
    const { token } = await this.#leases.claim(stream.path, stream.lease, seen);
    if (!stream.mirrored && token > stream.lease.token) this.keep(stream, { token });
  }

  /** Keeps what has changed of a stream's lease. */
  keep(stream: Stream, change: Partial<Lease>): void {
    stream.lease = { ...stream.lease, ...change };
    this.#leases.keep(stream.path, stream.lease);
  }

  /** Keeps numbers that will not be used twice, whenever this node ends: well before they are used. */
  reserve(stream: Stream): void {
    const { next } = stream.segments;
    const kept = stream.lease.next;
    const isEnough = kept && kept.segment - next.segment > NUMBERS_AHEAD / 2;
    if (!isEnough || kept.discontinuity <= next.discontinuity) this.keepNext(stream, NUMBERS_AHEAD);
  }

  /** Keeps the number that comes so many after the next one. */
  keepNext(stream: Stream, ahead: number): void {
    const { segment, discontinuity } = stream.segments.next;
    this.keep(stream, { next: { segment: segment + ahead, discontinuity: discontinuity + 1 } });
  }

  /** A stream is no more; its token is remembered. */
  forget({ path, lease: { token } }: Stream): void {
    this.#tokens.delete(path);
    this.#tokens.set(path, token);
    if (this.#tokens.size > MOST_REMEMBERED) this.#tokens.delete(this.#tokens.keys().next().value!);
  }

  /** The next stream of this name begins anew. */
  release(path: string): void {
    this.#leases.release(path);
  }

  async #counted(path: string, claim: () => Lease | Promise<Lease>): Promise<Lease> {
    this.#claims.set(path, (this.#claims.get(path) ?? 0) + 1);
    try {
      return await claim();
    } finally {
      const rest = this.#claims.get(path)! - 1;
      if (rest > 0) this.#claims.set(path, rest);
      else this.#claims.delete(path);
    }
  }
}
