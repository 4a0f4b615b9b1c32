import { join } from 'node:path';
import { temporaryFolder } from './ffmpeg.ts';
import type { TestRedis } from './redis.ts';
import { type Overrides, type Place, type SpawnedServer, spawnServer } from './server.ts';
import type { Owner } from './until.ts';

/** The options of an origin, or of an edge, that knows nothing of others but the directory. */
export async function memberOf(
  owner: Owner,
  { url }: TestRedis,
  role: 'origin' | 'edge',
  overrides: Overrides = {},
): Promise<Overrides> {
  const state = join(await temporaryFolder(owner), 'state');
  const listen = role === 'origin' ? { listen: '127.0.0.1:0', media: '127.0.0.1:0' } : {};
  const relay = { state, latency: '100ms', ...listen, ...(overrides['relay'] as object | undefined) };
  const cluster = { ...(overrides['cluster'] as object | undefined), directory: url };
  return { play: { wait: '30s' }, ...overrides, relay, cluster };
}

/** Starts a member of a cluster in a process of its own. */
export async function spawnMember(
  owner: Owner,
  redis: TestRedis,
  role: 'origin' | 'edge',
  overrides: Overrides = {},
  place: Place = {},
): Promise<SpawnedServer> {
  const server = await spawnServer(owner, await memberOf(owner, redis, role, overrides), place);
  await server.logged('connected to the directory');
  return server;
}
