import { join } from 'node:path';
import { Identity } from '../../src/cluster/identity.ts';
import { temporaryFolder } from './ffmpeg.ts';
import { type Overrides, type SpawnedServer, spawnServer, startTestServer, type TestServer } from './server.ts';
import type { Owner } from './until.ts';

/** A node that others fetch from, and how they do. */
export interface Origin<Server extends TestServer = TestServer> {
  readonly server: Server;
  /** What stands in `relay.origins` of an edge. */
  readonly url: string;
  /** The same without the token. */
  readonly address: string;
  readonly state: string;
}

type Start<Server extends TestServer> = (owner: Owner, overrides: Overrides) => Promise<Server>;

/** Starts an origin within this process, on ports that are free; `before` is one that has stopped, whose place it takes. */
export function startOrigin(owner: Owner, overrides: Overrides = {}, before?: Origin): Promise<Origin> {
  return originBy(startTestServer, owner, overrides, before);
}

/** Starts an origin in a process of its own; `before` is one that has ended, whose place it takes. */
export function spawnOrigin(
  owner: Owner,
  overrides: Overrides = {},
  before?: Origin<SpawnedServer>,
): Promise<Origin<SpawnedServer>> {
  return originBy(spawnServer, owner, overrides, before);
}

async function originBy<Server extends TestServer>(
  start: Start<Server>,
  owner: Owner,
  overrides: Overrides,
  before?: Origin<Server>,
): Promise<Origin<Server>> {
  const state = before?.state ?? join(await temporaryFolder(owner), 'state');
  const relay = {
    media: '127.0.0.1:0',
    listen: `127.0.0.1:${before?.server.ports['headwater'] ?? 0}`,
    state,
    ...(overrides['relay'] as object),
  };
  const server = await start(owner, { ...overrides, relay });
  const address = `headwater://127.0.0.1:${server.ports['headwater']}`;
  return { server, state, address, url: `${address}?join=${Identity.open(state).joinToken}` };
}

/** The options of an edge of these origins. */
export async function edgeOf(owner: Owner, origins: readonly string[], overrides: Overrides = {}): Promise<Overrides> {
  const state = join(await temporaryFolder(owner), 'state');
  return { ...overrides, relay: { origins, state, ...(overrides['relay'] as object | undefined) } };
}
