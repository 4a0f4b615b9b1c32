import { setTimeout as sleep } from 'node:timers/promises';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { framesOf } from './frames.ts';
import { type Impairment, type LossyRelay, openLossyRelay } from './lossy-relay.ts';
import { edgeOf, type Origin, startOrigin } from './nodes.ts';
import { publisher } from './publish.ts';
import { ADMIN_TOKEN, type Overrides, startTestServer, type TestServer } from './server.ts';
import { synthetic } from './synthetic.ts';
import type { Owner } from './until.ts';
import type { Viewer } from './viewer.ts';
import { watch } from './watch.ts';

/** An origin and an edge with a bad path for media between them; what else they say to each other comes through. */
export interface Linked {
  readonly origin: Origin;
  readonly edge: TestServer;
  readonly path: LossyRelay;
}

/** A stream that its publisher ends is over at once. */
export const AT_ONCE: Overrides = { publish: { stopGrace: '0s' } };

/** Starts both. */
export async function startLinked(
  owner: Owner,
  impairment: Impairment & { readonly seed?: number } = {},
  relay: Overrides = {},
): Promise<Linked> {
  const origin = await startOrigin(owner, AT_ONCE);
  const path = await openLossyRelay(owner, origin.server.ports['rtp']!, impairment);
  const edge = await startEdge(owner, origin, path.port, relay);
  return { origin, edge, path };
}

/** Starts an edge whose media comes through a port; resolves when it is connected. */
export async function startEdge(
  owner: Owner,
  origin: Origin,
  port: number,
  relay: Overrides = {},
): Promise<TestServer> {
  const overrides = { play: { wait: '30s' }, relay };
  const edge = await startTestServer(owner, await edgeOf(owner, [`${origin.url}&media=${port}`], overrides));
  await edge.logged('connected to an origin');
  return edge;
}

/** A stream at the speed of life, 25 pictures a second with a key frame each second, and one who watches it at the edge. */
export interface Lifelike {
  readonly viewer: Viewer;
  readonly tags: readonly FlvTag[];
  /** When each of the frames was sent, by its timestamp. */
  readonly sent: ReadonlyMap<number, number>;
  /** Resolves when all is sent. */
  readonly done: Promise<void>;
}

/** Publishes so many seconds at the origin, with what it must be told to be let in, and watches them at the edge. */
export async function playLifelike(
  owner: Owner,
  { origin, edge }: Pick<Linked, 'origin' | 'edge'>,
  name: string,
  seconds: number,
  query = '',
): Promise<Lifelike> {
  const tags = await synthetic({ frames: 25 * seconds, size: 12_000, gop: 25 });
  const client = await publisher(owner, origin.server, name + query);
  const sent = new Map<number, number>();
  const viewing = watch(owner, edge, 'http-flv', name);
  const begin = performance.now();
  const send = async () => {
    for (const tag of tags) {
      const wait = begin + tag.timestamp - performance.now();
      if (wait > 0) await sleep(wait);
      sent.set(tag.timestamp, performance.now());
      client.send(tag);
    }
    client.stop();
  };
  const done = send();
  return { viewer: await viewing, tags, sent, done };
}

/** How long each frame took from the publisher to the viewer, in milliseconds, in their order. */
export function delaysOf({ viewer, sent }: Pick<Lifelike, 'viewer' | 'sent'>): number[] {
  return viewer.tags.flatMap((tag, i) =>
    framesOf([tag]).length > 0 ? [viewer.times[i]! - sent.get(tag.timestamp)!] : [],
  );
}

/** The links of a server, as its API tells. */
export async function linksOf(server: Pick<TestServer, 'http'>): Promise<Record<string, any>[]> {
  return (await answerOf(server)).links;
}

/** What it pushes, in the same way. */
export async function pushesOf(server: Pick<TestServer, 'http'>): Promise<Record<string, any>[]> {
  return (await answerOf(server)).pushes;
}

async function answerOf(server: Pick<TestServer, 'http'>): Promise<Record<'links' | 'pushes', Record<string, any>[]>> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await fetch(server.http('/api/v1/links'), { headers });
  return (await response.json()) as Awaited<ReturnType<typeof answerOf>>;
}
