import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, SECOND } from '../base/clock.ts';
import { type CoreConfig, isUpstream } from '../config/options.ts';
import { MemoryLeases } from '../hub/lease.ts';
import type { BoundAddress } from '../net/listen.ts';
import { authority } from '../net/server-url.ts';
import type { Logger } from '../ops/log.ts';
import { packageVersion } from '../ops/version.ts';
import { MARKS } from './directory/directory.ts';
import { Identity } from './identity.ts';
import type { AttemptGuard } from './join.ts';
import { FileLeases } from './leases.ts';
import { Member, type Self } from './member.ts';
import { trustOf } from './trust.ts';

/** Who a node is to others, and whom it trusts. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly trust: ReturnType<typeof trustOf>;
  /** What lets other nodes in, where they can come. */
  readonly joinToken: string | undefined;
}

/** One node's part in its cluster, and the address by which its machine reaches the directory, once it did. */
export interface Membership {
  readonly member: Member;
  readonly localAddress: () => string | undefined;
}

/** What the address of a node is made of. */
export interface Listening {
  /** What the configuration says. */
  readonly address: CoreConfig['cluster']['address'];
  /** Where it listens for others, if it does. */
  readonly listens: BoundAddress | undefined;
  readonly joinToken: string | undefined;
}

/** Where others reach a node, and where they fetch from it as it stands in `relay.origins`, where they can. */
export function whereabouts(
  { address, listens, joinToken }: Listening,
  { localAddress }: Pick<Membership, 'localAddress'>,
): Self {
  const host = address?.host ?? localAddress();
  if (!listens || host === undefined) return { address: host };
  const url = `headwater://${authority({ host, port: address?.port ?? listens.port })}?join=${joinToken}`;
  return { address: host, url };
}

/** A lease is kept for longer than anybody waits for the stream, in microseconds. */
const LEASE_RESERVE = 600 * SECOND;

/** Opens the state folder; `undefined`, and no folder, for one that has nothing to do with other nodes. Throws when it is damaged. */
export function identityOf(
  { relay, cluster }: CoreConfig,
  guard: AttemptGuard,
  clock: Clock,
): NodeIdentity | undefined {
  if (!relay.listen && relay.origins.every(isUpstream) && !cluster.directory) return undefined;
  const identity = Identity.open(relay.state, clock);
  const { nodeId } = identity;
  return { nodeId, trust: trustOf(identity, guard), joinToken: relay.listen ? identity.joinToken : undefined };
}

/** The leases of a node's streams: in the state folder where others fetch them, as they go on with them after a restart. */
export function leasesOf({ relay, publish }: CoreConfig, clock: Clock, log: Logger): FileLeases {
  const file = relay.listen ? join(relay.state, 'leases.json') : undefined;
  return FileLeases.open({ file, keep: publish.grace + LEASE_RESERVE, clock, log });
}

/**
 * Connects to the directory that a node shares with others; `undefined` where it shares none. Rejects when the URL is wrong, not
 * when the directory cannot be reached.
 */
export async function membershipOf(
  { relay, publish, cluster }: CoreConfig,
  nodeId: string,
  leases: FileLeases | undefined,
  clock: Clock,
  log: Logger,
): Promise<Membership | undefined> {
  if (!cluster.directory) return undefined;
  // Its client takes longer to load than much of the rest, and few nodes need it.
  const { RedisDirectory } = await import('./directory/redis.ts');
  const directory = await RedisDirectory.open(cluster.directory, cluster.name, log);
  const member = new Member({
    nodeId,
    role: relay.listen ? 'origin' : 'edge',
    version: packageVersion(),
    directory,
    leases: leases ?? new MemoryLeases(clock),
    takeover: publish.takeover,
    staleAfter: publish.staleAfter,
    grace: publish.grace,
    clock,
    mark: randomInt(MARKS),
  });
  return { member, localAddress: () => directory.localAddress };
}
