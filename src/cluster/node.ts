import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, SECOND } from '../base/clock.ts';
import type { CoreConfig } from '../config/options.ts';
import { MemoryLeases } from '../hub/lease.ts';
import type { Logger } from '../ops/log.ts';
import { packageVersion } from '../ops/version.ts';
import { MARKS } from './directory/directory.ts';
import { RedisDirectory } from './directory/redis.ts';
import { Identity } from './identity.ts';
import type { AttemptGuard } from './join.ts';
import { FileLeases } from './leases.ts';
import { Member } from './member.ts';
import { trustOf } from './trust.ts';

/** What a node keeps in its state folder, and the cluster that it belongs to. */
export interface ClusterNode {
  readonly trust: ReturnType<typeof trustOf>;
  /** Kept where others fetch streams: they go on with them after a restart. */
  readonly leases: FileLeases | undefined;
  /** What lets other nodes in, where they can come. */
  readonly joinToken: string | undefined;
  /** Where nodes share a directory. */
  readonly membership: Membership | undefined;
}

/** One node's part in its cluster, and the address by which its machine reaches the directory, once it did. */
interface Membership {
  readonly member: Member;
  readonly localAddress: () => string | undefined;
}

/** A lease is kept for longer than anybody waits for the stream, in microseconds. */
const LEASE_RESERVE = 600 * SECOND;

/**
 * Opens the state folder, and connects to the directory; `undefined`, and no folder, for a node that has nothing to do with
 * others. Rejects when the folder is damaged or the directory's URL is wrong; not when the directory cannot be reached.
 */
export async function openNode(
  config: CoreConfig,
  guard: AttemptGuard,
  clock: Clock,
  log: Logger,
): Promise<ClusterNode | undefined> {
  const { relay, publish, cluster } = config;
  if (!relay.listen && relay.origins.length === 0 && !cluster.directory) return undefined;
  const identity = Identity.open(relay.state, clock);
  const file = join(relay.state, 'leases.json');
  const keep = publish.grace + LEASE_RESERVE;
  const leases = relay.listen && FileLeases.open({ file, keep, clock, log });
  return {
    trust: trustOf(identity, guard),
    leases,
    joinToken: relay.listen && identity.joinToken,
    membership: await enter(config, identity.nodeId, leases, clock, log),
  };
}

async function enter(
  { relay, publish, cluster }: CoreConfig,
  nodeId: string,
  leases: FileLeases | undefined,
  clock: Clock,
  log: Logger,
): Promise<Membership | undefined> {
  if (!cluster.directory) return undefined;
  const directory = await RedisDirectory.open(cluster.directory, cluster.name, log);
  const member = new Member({
    nodeId,
    role: relay.listen ? 'origin' : 'edge',
    version: packageVersion(),
    directory,
    leases: leases ?? new MemoryLeases(clock),
    takeover: publish.takeover,
    staleAfter: publish.staleAfter,
    clock,
    mark: randomInt(MARKS),
  });
  return { member, localAddress: () => directory.localAddress };
}
