import { RefusedError } from '../../base/errors.ts';
import type { Lease, Leases } from '../../hub/lease.ts';
import { describePath, type StreamPath } from '../../hub/path.ts';

/** Leases that are kept for a while when whoever had them is gone. */
export type NodeLeases = Pick<Leases, 'claim' | 'keep' | 'release'> & { leave(path: StreamPath): void };

/** What {@link Owners} works with. */
export interface OwnersGround {
  /** Those of the node: they outlast the workers. */
  readonly leases: NodeLeases;
  /** Who may have streams that nobody has claimed, because it fetches them from other nodes. */
  readonly fetcher: number | undefined;
  /** Asks a worker to let go of a stream; true when it does, or is gone. */
  yields(worker: number, path: StreamPath): Promise<boolean>;
  /** Has all workers know who has a stream now, or that nobody has. */
  moved(path: StreamPath, owner: number | undefined): void;
}

/** Which lease a worker has, which token it has seen, and which owner is known to have failed. */
interface Wish {
  readonly held: Lease | undefined;
  readonly seen: number;
  readonly over: number | undefined;
}

interface Held {
  /** Who was granted the lease last. */
  holder: number;
  /** Who has the stream, as the workers know it: the holder, once it has frames to read. */
  owner: number | undefined;
  lease: Lease;
}

/** Which worker has which stream. Whoever wants to publish one claims it here: one at a time can have it. */
export class Owners {
  readonly #ground: OwnersGround;
  readonly #held = new Map<StreamPath, Held>();
  /** Claims of one path are dealt with one after another. */
  readonly #claims = new Map<StreamPath, Promise<void>>();

  constructor(ground: OwnersGround) {
    this.#ground = ground;
  }

  /** Who has what, as the workers know it. */
  get owners(): [path: StreamPath, owner: number][] {
    return [...this.#held].flatMap(([path, { owner }]) => (owner === undefined ? [] : [[path, owner]]));
  }

  /** A worker wants to publish a stream: see {@link Leases.claim}. */
  claim(worker: number, path: StreamPath, held: Lease | undefined, seen = 0, over?: number): Promise<Lease> {
    const grant = () => this.#grant(worker, path, { held, seen, over });
    const claim = (this.#claims.get(path) ?? Promise.resolve()).then(grant);
    const settled = claim
      .then(() => {})
      .catch(() => {})
      .then(() => {
        if (this.#claims.get(path) === settled) this.#claims.delete(path);
      });
    this.#claims.set(path, settled);
    return claim;
  }

  /** A worker keeps its lease as it is now: from the first time on the stream is there. */
  keep(worker: number, path: StreamPath, lease: Lease): void {
    const held = this.#held.get(path);
    if (held?.holder !== worker || held.lease.token !== lease.token) return;
    held.lease = lease;
    this.#ground.leases.keep(path, lease);
    if (held.owner === worker) return;
    held.owner = worker;
    this.#ground.moved(path, worker);
  }

  /** Another node wants to publish a stream: whether it may. */
  async yields(path: StreamPath): Promise<boolean> {
    if (this.#claims.has(path)) return false;
    const held = this.#held.get(path);
    return held === undefined || this.#ground.yields(held.holder, path);
  }

  /** A stream is another node's now. */
  drop(path: StreamPath): void {
    const wasOwned = this.#held.get(path)?.owner !== undefined;
    this.#held.delete(path);
    if (wasOwned) this.#ground.moved(path, undefined);
  }

  /** A stream has ended in a worker. */
  release(worker: number, path: StreamPath): void {
    const held = this.#held.get(path);
    if (held && this.#leave(worker, path, held)) this.#ground.leases.release(path);
  }

  /** A worker is gone. Whoever publishes its streams anew goes on with them. */
  lost(worker: number): void {
    for (const [path, held] of [...this.#held]) if (this.#leave(worker, path, held)) this.#ground.leases.leave(path);
  }

  async #grant(worker: number, path: StreamPath, { held, seen, over }: Wish): Promise<Lease> {
    const { leases, fetcher, yields } = this.#ground;
    const present = this.#held.get(path);
    const isSame = present?.holder === worker && present.lease.token === held?.token;
    if (isSame && present.lease.token >= seen) return present.lease;
    const rival = present ? present.holder : fetcher;
    const isRivalled = rival !== undefined && rival !== worker && over === undefined;
    if (isRivalled && !(await yields(rival, path)))
      throw new RefusedError('busy', `${describePath(path)} is being published by somebody else`);
    const lease = await leases.claim(path, undefined, seen, over);
    this.#held.set(path, { holder: worker, owner: this.#held.get(path)?.owner, lease });
    return lease;
  }

  /** Takes a stream from a worker; true when it was there and nobody has it now. */
  #leave(worker: number, path: StreamPath, held: Held): boolean {
    const wasOwner = held.owner === worker;
    if (wasOwner) held.owner = undefined;
    // One that was granted it and never began leaves it to whom it was to succeed.
    if (held.holder === worker && held.owner !== undefined) held.holder = held.owner;
    const isFree = held.holder === worker;
    if (isFree) this.#held.delete(path);
    if (wasOwner) this.#ground.moved(path, undefined);
    return wasOwner && isFree;
  }
}
