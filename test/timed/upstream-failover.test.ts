import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { content, framesOf } from '../support/frames.ts';
import { longestGap } from '../support/gap.ts';
import { edgeOf } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { publisher } from '../support/publish.ts';
import type { RtmpClient } from '../support/rtmp-client.ts';
import { type SpawnedServer, spawnServer, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import type { Viewer } from '../support/viewer.ts';
import { watch } from '../support/watch.ts';

const NEEDS = needs('ffmpeg');
const SOME = 20;
const CLIP_LENGTH = 4000;
const owner = { after };
const { tags } = await clip('movie');

/** One encoder, which sends the same to several servers. */
async function encode(t: Owner, name: string, ...servers: readonly TestServer[]): Promise<RtmpClient[]> {
  const clients = await Promise.all(servers.map((server) => publisher(t, server, name)));
  const send: RtmpClient['send'] = (...sent) => {
    for (const client of clients) client.send(...sent);
  };
  new PacedPublisher(t, { send } as RtmpClient, tags, CLIP_LENGTH);
  for (const server of servers) await (await watch(t, server, 'rtmp', name)).gets(SOME);
  return clients;
}

function url({ ports }: TestServer, scheme: 'rtmp' | 'http'): string {
  return `${scheme}://127.0.0.1:${ports[scheme]}`;
}

/** How often a stream of a server was played so far. */
function fetches(server: TestServer, name: string): number {
  return server.lines().filter(({ msg, path }) => msg === 'play begins' && path === `__defaultVhost__/live/${name}`)
    .length;
}

/** An edge of servers that it knows only by RTMP and HTTP. */
async function edgeOfOthers(t: Owner, ...origins: readonly string[]): Promise<TestServer> {
  return startTestServer(t, await edgeOf(t, origins, { play: { wait: '30s' }, relay: { idle: '500ms' } }));
}

const far: SpawnedServer[] = NEEDS.skip === undefined ? [await spawnServer(owner), await spawnServer(owner)] : [];

/** Fails if a viewer got a picture of the clip, which is sent over and over, that is older than the one before it. */
function assertForwards({ tags: got }: Viewer): void {
  const sent = framesOf(tags, 'video').map(content);
  const places = framesOf(got, 'video').map((frame) => sent.indexOf(content(frame)));
  const steps = places.slice(1).map((place, i) => (place - places[i]! + sent.length) % sent.length);
  assert.ok(
    steps.every((step) => step > 0 && step < sent.length / 2),
    `${places}`,
  );
}

/** From where an edge has a stream at present. */
function heardFrom(edge: TestServer, name: string): string[] {
  const lines = edge.lines().filter(({ path }) => path === `__defaultVhost__/live/${name}`);
  const ended = new Set(lines.filter(({ msg }) => msg === 'publish ends').map(({ session }) => session));
  const open = lines.filter(({ msg, session }) => msg === 'publish begins' && !ended.has(session));
  return open.map(({ origin }) => String(origin));
}

describe('an edge of servers of another kind', () => {
  for (const scheme of ['rtmp', 'http'] as const) {
    test(
      `plays what is published there, by ${scheme}, fetched once and no longer than it is watched`,
      NEEDS,
      async (t) => {
        const name = `plays-${scheme}`;
        await encode(t, name, far[0]!);
        const before = fetches(far[0]!, name);
        const edge = await edgeOfOthers(t, url(far[0]!, scheme));
        const crowd = await Crowd.gather(t, edge, name, 9);
        await crowd.gets(SOME);
        crowd.assertUndisturbed();
        assert.equal(fetches(far[0]!, name), before + 1);
        for (const viewer of crowd.viewers) viewer.close();
        await far[0]!.logged('play ends', { path: `__defaultVhost__/live/${name}` });
        const again = await Crowd.gather(t, edge, name, 3);
        await again.gets(SOME);
        assert.equal(fetches(far[0]!, name), before + 2);
      },
    );
  }

  test('takes the second one at once where the first does not have the stream, or is dead', NEEDS, async (t) => {
    await encode(t, 'second', far[1]!);
    for (const first of [url(far[0]!, 'rtmp'), 'rtmp://127.0.0.1:1']) {
      const edge = await edgeOfOthers(t, first, url(far[1]!, 'http'));
      const viewer = await watch(t, edge, 'http-flv', 'second');
      const began = performance.now();
      await viewer.gets(1, (tag) => framesOf([tag], 'video').length > 0);
      t.diagnostic(`${Math.round(performance.now() - began)} ms`);
      assert.ok(performance.now() - began < 600, `${performance.now() - began} ms`);
    }
  });

  for (const [signal, most] of [
    ['SIGKILL', 1500],
    ['SIGSTOP', 3500],
  ] as const) {
    test(`goes on from another one when the first gets ${signal}, and it was alone`, NEEDS, async (t) => {
      const name = `moves-${signal}`;
      const first = await spawnServer(t);
      await encode(t, name, first, far[1]!);
      const edge = await edgeOfOthers(t, url(first, 'rtmp'), url(far[1]!, 'rtmp'));
      const crowd = await Crowd.gather(t, edge, name, 3);
      await crowd.gets(SOME);
      await until(
        'the first one alone is heard',
        () => heardFrom(edge, name).join() === `127.0.0.1:${first.ports['rtmp']}`,
      );
      const began = performance.now();
      first.program.kill(signal);
      const before = crowd.fewest;
      await crowd.gets(before + 2 * SOME);
      crowd.assertUndisturbed();
      const gaps = crowd.viewers.map((viewer) => longestGap(viewer, began));
      t.diagnostic(`longest gaps: ${gaps} ms`);
      assert.ok(Math.max(...gaps) < most, `${gaps} ms`);
      for (const viewer of crowd.viewers) assertForwards(viewer);
    });
  }
});
