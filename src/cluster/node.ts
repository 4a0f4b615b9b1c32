import { join } from 'node:path';
import { type Clock, SECOND } from '../base/clock.ts';
import { type CoreConfig, isUpstream } from '../config/options.ts';
import type { Logger } from '../ops/log.ts';
import { Identity } from './identity.ts';
import type { AttemptGuard } from './join.ts';
import { FileLeases } from './leases.ts';
import { trustOf } from './trust.ts';

/** Who a node is to others, and whom it trusts. */
export interface NodeIdentity {
  readonly trust: ReturnType<typeof trustOf>;
  /** What lets other nodes in, where they can come. */
  readonly joinToken: string | undefined;
}

/** A lease is kept for longer than anybody waits for the stream, in microseconds. */
const LEASE_RESERVE = 600 * SECOND;

/** Opens the state folder; `undefined`, and no folder, for one that has nothing to do with other nodes. Throws when it is damaged. */
export function identityOf({ relay }: CoreConfig, guard: AttemptGuard, clock: Clock): NodeIdentity | undefined {
  if (!relay.listen && relay.origins.every(isUpstream)) return undefined;
  const identity = Identity.open(relay.state, clock);
  return { trust: trustOf(identity, guard), joinToken: relay.listen ? identity.joinToken : undefined };
}

/** The leases of a node's streams: in the state folder where others fetch them, as they go on with them after a restart. */
export function leasesOf({ relay, publish }: CoreConfig, clock: Clock, log: Logger): FileLeases {
  const file = relay.listen ? join(relay.state, 'leases.json') : undefined;
  return FileLeases.open({ file, keep: publish.grace + LEASE_RESERVE, clock, log });
}
