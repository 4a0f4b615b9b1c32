import { join } from 'node:path';
import { type Clock, SECOND } from '../base/clock.ts';
import { type CoreConfig, isUpstream } from '../config/options.ts';
import type { Logger } from '../ops/log.ts';
import { Identity } from './identity.ts';
import type { AttemptGuard } from './join.ts';
import { FileLeases } from './leases.ts';
import { trustOf } from './trust.ts';

/** What a node keeps in its state folder. */
export interface ClusterNode {
  readonly trust: ReturnType<typeof trustOf>;
  /** Kept where others fetch streams: they go on with them after a restart. */
  readonly leases: FileLeases | undefined;
  /** What lets other nodes in, where they can come. */
  readonly joinToken: string | undefined;
}

/** A lease is kept for longer than anybody waits for the stream, in microseconds. */
const LEASE_RESERVE = 600 * SECOND;

/** Opens the state folder; `undefined`, and no folder, for one that has nothing to do with other nodes. Throws when it is damaged. */
export function openNode(
  { relay, publish }: CoreConfig,
  guard: AttemptGuard,
  clock: Clock,
  log: Logger,
): ClusterNode | undefined {
  if (!relay.listen && relay.origins.every(isUpstream)) return undefined;
  const identity = Identity.open(relay.state, clock);
  const trust = trustOf(identity, guard);
  if (!relay.listen) return { trust, leases: undefined, joinToken: undefined };
  const file = join(relay.state, 'leases.json');
  const leases = FileLeases.open({ file, keep: publish.grace + LEASE_RESERVE, clock, log });
  return { trust, leases, joinToken: identity.joinToken };
}
