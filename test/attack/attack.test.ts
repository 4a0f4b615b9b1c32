import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PUBLISH_KEY, type SpawnedServer, spawnServer } from '../support/server.ts';
import { AMF_ATTACKS } from './amf.ts';
import { CHUNK_ATTACKS } from './chunks.ts';
import { COMMAND_ATTACKS } from './commands.ts';
import { FLOODS } from './flood.ts';
import { HANDSHAKE_ATTACKS } from './handshake.ts';
import { HTTP_ATTACKS } from './http.ts';
import { NAME_ATTACKS } from './names.ts';
import { PUBLISHED_ATTACKS } from './published.ts';
import type { Attack, Scene, Target } from './support/attack.ts';
import { Control } from './support/control.ts';
import { DEADLINE, launch } from './support/launch.ts';
import { WEBSOCKET_ATTACKS } from './websocket.ts';

const SINGLE = [
  HANDSHAKE_ATTACKS,
  CHUNK_ATTACKS,
  AMF_ATTACKS,
  COMMAND_ATTACKS,
  NAME_ATTACKS,
  HTTP_ATTACKS,
  WEBSOCKET_ATTACKS,
].flat();
const AT_ONCE = 32;
const MIB = 1024 * 1024;
const MOST_GROWTH = 32 * MIB;
/** For Node: a young generation that grows when much happens, by up to 48 MiB, would be taken for memory that is not given back. */
const STEADY = '--max-semi-space-size=1';
const TIME = `${DEADLINE}ms`;
const TIMES = { handshake: TIME, command: TIME, httpHead: TIME, httpRequest: TIME, httpIdle: TIME };
const OPTIONS = {
  log: { level: 'info', format: 'json' },
  access: { publishKey: PUBLISH_KEY, loopback: 'like-others' },
  limits: TIMES,
  play: { stallTimeout: TIME },
  publish: { firstFrameTimeout: TIME, idleTimeout: TIME },
};

describe('a server under attack', () => {
  let server: SpawnedServer;
  let target: Target;
  let control: Control;
  let memory = 0;
  const ends: (() => Promise<void> | void)[] = [];

  before(async () => {
    server = await spawnServer({ after: (end) => void ends.unshift(end) }, OPTIONS, { options: [STEADY] });
    target = { rtmp: server.ports['rtmp']!, http: server.ports['http']!, key: PUBLISH_KEY };
    control = await Control.start(target);
    // A first round, judged in the second: what the program needs at all it takes now.
    await storm([...SINGLE, ...FLOODS]);
    memory = await settledMemory(server.program.pid);
  });
  after(async () => {
    control.stop();
    for (const end of ends) await end();
  });

  test('is tried by at least 200 attacks before authorisation', () => {
    assert.ok(SINGLE.length + FLOODS.length >= 200, `there are ${SINGLE.length + FLOODS.length}`);
  });

  describe('by strangers', { concurrency: AT_ONCE }, () => {
    for (const attack of SINGLE) test(`${attack.on}: ${attack.name}`, () => launch(attack, target));
  });

  describe('by crowds and by players', () => {
    for (const scene of FLOODS) test(scene.name, () => scene.play(target));
  });

  test('loses no frame of anybody else, and grows by less than 32 MiB', async (t) => {
    await control.check();
    const growth = (await settledMemory(server.program.pid)) - memory;
    t.diagnostic(
      `${SINGLE.length + FLOODS.length} attacks, ${control.frames} frames, growth ${(growth / MIB).toFixed(1)} MiB`,
    );
    assert.ok(growth < MOST_GROWTH, `resident memory grew by ${growth} bytes`);
  });

  describe('by those who may publish', { concurrency: AT_ONCE / 4 }, () => {
    for (const attack of PUBLISHED_ATTACKS) test(attack.name, () => launch(attack, target));
  });

  test('loses no frame of anybody else then either, and finds no fault in itself', async () => {
    await control.check();
    const faults = server.lines().filter(({ level }) => level === 'error');
    assert.deepEqual(faults, []);
    assert.equal(server.program.stderr, '');
  });

  /** All of them, some at the same time, whatever comes of it. */
  async function storm(attacks: readonly (Attack | Scene)[]): Promise<void> {
    const queue = [...attacks];
    const attacker = async () => {
      for (let attack = queue.shift(); attack; attack = queue.shift())
        await launch(attack, target).catch(() => undefined);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, attacker));
  }
});

/** The least resident memory that is seen within three seconds, in bytes. */
async function settledMemory(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 15; look++) {
    await sleep(200);
    const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    least = Math.min(least, kib * 1024);
  }
  return least;
}
