import type { FlvTag } from '../../src/container/flv/tag.ts';
import { publisher } from './publish.ts';
import type { RtmpClient } from './rtmp-client.ts';
import { ADMIN_TOKEN, type Line, type Overrides, type SpawnedServer, spawnServer, type TestServer } from './server.ts';
import { type Owner, until } from './until.ts';
import type { Viewer } from './viewer.ts';
import { PLAIN_OUTPUTS, watch } from './watch.ts';

/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent, and viewers wait for streams. */
export const PATIENT = { window: { duration: '10m', bytes: '256MiB' }, play: { wait: '30s', maxLag: '10m' } };

/** Starts a server of two workers in processes of their own, whose windows are large and whose viewers wait. */
export function spawnWorkers(owner: Owner, overrides: Overrides = {}): Promise<SpawnedServer> {
  return spawnServer(owner, { cluster: { workers: 2 }, ...PATIENT, ...overrides });
}

/** A publisher, and the worker that it came to. */
export interface Placed {
  readonly client: RtmpClient;
  readonly worker: number;
}

/** Publishes a stream, coming again until it is at a worker for which `fits` holds. */
export async function publishAt(
  owner: Owner,
  server: TestServer,
  name: string,
  fits: (worker: number) => boolean = () => true,
): Promise<Placed> {
  const path = `__defaultVhost__/live/${name.split('?')[0]}`;
  for (;;) {
    const before = server.lines().length;
    const client = await publisher(owner, server, name);
    const began = (line: Line) => line.msg === 'publish begins' && line['path'] === path;
    const { worker } = (await until('the publisher is logged', () => server.lines().slice(before).find(began))) as {
      worker?: number;
    };
    if (fits(worker!)) return { client, worker: worker! };
    client.close();
    await until('the publisher has gone', () =>
      server
        .lines()
        .slice(before)
        .some((line) => line.msg === 'publish ends' && line['path'] === path),
    );
  }
}

/** Viewers by each protocol at each of two workers. */
export interface Audience {
  readonly all: readonly Viewer[];
  at(worker: number): readonly Viewer[];
}

/** Has viewers come until there is one by each protocol at either worker. */
export async function gatherAudience(owner: Owner, server: TestServer, name: string): Promise<Audience> {
  const seats = new Map<string, { worker: number; viewer: Viewer }>();
  for (const output of PLAIN_OUTPUTS) {
    while (![1, 2].every((worker) => seats.has(`${output} ${worker}`))) {
      const before = server.lines().length;
      const viewer = await watch(owner, server, output, name);
      const began = ({ msg, protocol }: Line) => msg === 'play begins' && protocol === output;
      const { worker } = server.lines().slice(before).find(began) as Line & { worker: number };
      const seat = `${output} ${worker}`;
      if (seats.has(seat)) viewer.close();
      else seats.set(seat, { worker, viewer });
    }
  }
  const all = [...seats.values()];
  const viewersOf = (some: typeof all) => some.map(({ viewer }) => viewer);
  return { all: viewersOf(all), at: (worker) => viewersOf(all.filter((seat) => seat.worker === worker)) };
}

/** What the API answers. */
export async function askApi(server: TestServer, path: string, method = 'GET'): Promise<Record<string, any>> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' };
  const response = await fetch(server.http(`/api/v1/${path}`), { method, headers });
  return (await response.json()) as Record<string, any>;
}

/** The process of a worker, as it was started last. */
export function pidOf(server: TestServer, worker: number): number {
  const line = server.lines().findLast((each) => each.msg === 'a worker starts' && each['worker'] === worker);
  return Number(line?.['pid']);
}

/** How long these tags are, in milliseconds. */
export function lengthOf(tags: readonly FlvTag[]): number {
  return Math.max(...tags.map(({ timestamp }) => timestamp));
}
