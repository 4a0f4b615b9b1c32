import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { clip, splitAt } from '../support/clips.ts';
import { assertMonotonic, assertSameFrames, content, framesOf } from '../support/frames.ts';
import { PacedPublisher } from '../support/paced.ts';
import { allGet, sendFromStart } from '../support/publish.ts';
import { runServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { askApi, gatherAudience, lengthOf, pidOf, publishAt, spawnWorkers } from '../support/workers.ts';

const { tags } = await clip('movie');
const [beginning] = splitAt(tags, 2000);
/** Frames of which it is seen that a stream plays. */
const SOME = 40;
const server = await spawnWorkers({ after }, { publish: { stopGrace: '0s' } });

for (const worker of [1, 2]) {
  test(
    `what is published to worker ${worker}, viewers of both get, in bytes and times as it was sent`,
    needs('ffmpeg'),
    async (t) => {
      const audience = await gatherAudience(t, server, `from-${worker}`);
      const { client } = await publishAt(t, server, `from-${worker}`, (came) => came === worker);
      await sendFromStart(client, tags, audience.all);
      client.stop();
      for (const viewer of audience.all) {
        await viewer.ended;
        assertSameFrames(viewer.tags, tags);
      }
    },
  );
}

describe('when a worker is killed', () => {
  for (const returns of ['the other', 'the same'] as const) {
    test(
      `viewers of the other stay, and play goes on when the publisher has returned to ${returns}`,
      needs('ffmpeg'),
      async (t) => {
        const name = `killed-${returns.replace(' ', '-')}`;
        const audience = await gatherAudience(t, server, name);
        const { client, worker } = await publishAt(t, server, name);
        const before = new PacedPublisher(t, client, tags, lengthOf(tags));
        await allGet(audience.all, SOME);
        const [killed, staying] = [audience.at(worker), audience.at(3 - worker)];
        const lines = server.lines().length;
        process.kill(pidOf(server, worker), 'SIGKILL');
        before.stop();
        for (const viewer of killed) await viewer.ended;
        const isBack = () =>
          server
            .lines()
            .slice(lines)
            .some(({ msg }) => msg === 'a worker is there again');
        await until('the worker is back', isBack);
        const seen = Math.max(...staying.map((viewer) => framesOf(viewer.tags).length));
        const again = await publishAt(t, server, name, (came) => (came === worker) === (returns === 'the same'));
        const after = new PacedPublisher(t, again.client, tags, lengthOf(tags));
        await allGet(staying, seen + SOME);
        for (const viewer of staying) {
          assert.equal(viewer.reason, undefined);
          assertMonotonic(viewer.tags);
          assertFollows(viewer.tags, before.sent, after.sent);
        }
      },
    );
  }
});

/** Fails unless there is a beginning of the first and then, from its first frame on, the second. */
function assertFollows(got: readonly FlvTag[], first: readonly FlvTag[], second: readonly FlvTag[]): void {
  const [all, one, two] = [got, first, second].map((some) => framesOf(some, 'video').map(content));
  const cut = all!.indexOf(two![0]!, 1);
  assert.ok(cut > 0, 'the second one is there');
  assert.deepEqual(all!.slice(0, cut), one!.slice(0, cut));
  assert.deepEqual(all!.slice(cut), two!.slice(0, all!.length - cut));
}

test('a publisher that returns to the other worker goes on with its stream', needs('ffmpeg'), async (t) => {
  const audience = await gatherAudience(t, server, 'returns');
  let at = await publishAt(t, server, 'returns');
  await sendFromStart(at.client, beginning, audience.all);
  let frames = framesOf(beginning).length;
  for (let i = 0; i < 3; i++) {
    await allGet(audience.all, frames);
    at.client.close();
    const before = at.worker;
    at = await publishAt(t, server, 'returns', (worker) => worker !== before);
    await sendFromStart(at.client, tags, audience.all, frames);
    frames += framesOf(tags).length;
  }
  await allGet(audience.all, frames);
  for (const viewer of audience.all) {
    assert.equal(viewer.reason, undefined);
    assertMonotonic(viewer.tags);
    assert.equal(framesOf(viewer.tags).length, frames, 'nothing twice');
  }
  const { streams } = await askApi(server, 'streams');
  const stream = streams.find(({ name }: { name: string }) => name === 'returns');
  assert.equal(stream.frames, frames);
  assert.equal(stream.clients, audience.all.length + 1);
});

describe('a second publisher, at whichever worker', () => {
  for (const takeover of ['stale', 'always', 'never'] as const) {
    test(`with takeover ${takeover}`, needs('ffmpeg'), async (t) => {
      const own = await spawnWorkers(t, { publish: { takeover, staleAfter: '1s' } });
      const audience = await gatherAudience(t, own, 'rivals');
      const first = await publishAt(t, own, 'rivals');
      const sending = new PacedPublisher(t, first.client, tags, lengthOf(tags));
      await allGet(audience.all, SOME);
      const second = publishAt(t, own, 'rivals', (worker) => worker !== first.worker);
      if (takeover === 'always') {
        await second;
        assert.match(await first.client.viewer.ended, /another publisher took live\/rivals over/);
        return;
      }
      await assert.rejects(second, /NetStream\.Publish\.BadName/);
      sending.stop();
      const third = publishAt(t, own, 'rivals', (worker) => worker !== first.worker);
      if (takeover === 'never') return assert.rejects(third, /NetStream\.Publish\.BadName/);
      const successor = await third;
      const seen = framesOf(sending.sent).length;
      await allGet(audience.all, seen);
      await sendFromStart(successor.client, tags, audience.all, seen);
      await allGet(audience.all, seen + framesOf(tags).length);
      assert.match(await first.client.viewer.ended, /another publisher took live\/rivals over/);
    });
  }
});

test('one API shows all sessions, and closes each by its id', needs('ffmpeg'), async (t) => {
  const own = await spawnWorkers(t);
  const audience = await gatherAudience(t, own, 'listed');
  const { client } = await publishAt(t, own, 'listed');
  await sendFromStart(client, beginning, audience.all);
  const viewers = audience.all.length;
  // Each request comes to another worker.
  for (let i = 0; i < 4; i++) {
    const [{ streams }, { clients, total }] = [await askApi(own, 'streams'), await askApi(own, 'clients')];
    assert.equal(streams.length, 1);
    assert.equal(streams[0].clients, viewers + 1);
    assert.equal(streams[0].frames, framesOf(beginning).length);
    assert.equal(total, viewers + 1);
    assert.deepEqual(clients.map(({ publish }: { publish: boolean }) => publish).filter(Boolean), [true]);
    assert.equal(streams[0].publish.cid, clients.find(({ publish }: { publish: boolean }) => publish).id);
  }
  const { vhosts } = await askApi(own, 'vhosts');
  assert.deepEqual([vhosts[0].streams, vhosts[0].clients], [1, viewers + 1]);
  const metrics = await (await fetch(own.http('/metrics?token=a-token-for-tests'))).text();
  assert.match(metrics, /^headwater_streams 1$/m);
  assert.match(metrics, /^headwater_sessions\{protocol="ws-flv",role="play"\} 2$/m);
  assert.match(metrics, /^headwater_stream_viewers\{stream="__defaultVhost__\/live\/listed",protocol="rtmp"\} 2$/m);
  assert.match(metrics, /^headwater_process_cpu_seconds_total\{worker="2"\} /m);
  for (const { id, publish } of (await askApi(own, 'clients')).clients) {
    if (publish) continue;
    assert.equal((await askApi(own, `clients/${id}`)).client.id, id);
    assert.equal((await askApi(own, `clients/${id}`, 'DELETE')).code, 0);
  }
  for (const viewer of audience.all) await viewer.ended;
  assert.equal((await askApi(own, 'clients/nobody', 'DELETE')).code, 2049);
});

test('SIGTERM ends all workers: publisher and viewers are told, and the exit code is 0', needs('ffmpeg'), async (t) => {
  const own = await spawnWorkers(t);
  const audience = await gatherAudience(t, own, 'ending');
  const { client } = await publishAt(t, own, 'ending');
  await sendFromStart(client, tags, audience.all);
  await allGet(audience.all, framesOf(tags).length);
  own.program.kill('SIGTERM');
  assert.deepEqual(await own.program.ended(), { code: 0, signal: null });
  assert.match(await client.viewer.ended, /the server is stopping/);
  for (const viewer of audience.all) assert.match(await viewer.ended, /the server is stopping|closed/);
  assert.equal(own.program.stderr, '');
  assert.deepEqual(
    own.lines().filter(({ level }) => level === 'error'),
    [],
  );
});

test('workers do not outlive a primary that is killed', async (t) => {
  const own = await spawnWorkers(t);
  const pids = [1, 2].map((worker) => pidOf(own, worker));
  own.program.kill('SIGKILL');
  for (const pid of pids) await until(`process ${pid} has ended`, () => !isAlive(pid));
});

test('a port that is in use is one clear line, and the end', async (t) => {
  const holder = await spawnWorkers(t);
  const listen = `127.0.0.1:${holder.ports['rtmp']}`;
  const program = await runServer(t, { cluster: { workers: 2 }, rtmp: { listen } });
  assert.deepEqual(await program.ended(), { code: 1, signal: null });
  assert.equal(program.stderr, `headwater: cannot listen on ${listen}: another program listens there already\n`);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
