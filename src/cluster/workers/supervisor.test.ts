import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { linePair } from '../../../test/support/line.ts';
import { SECOND, VirtualClock } from '../../base/clock.ts';
import { loggerTo, silentLogger } from '../../ops/log.ts';
import { FileLeases } from '../leases.ts';
import type { Place, PrimaryCalls, WorkerCalls } from './calls.ts';
import { Member } from './member.ts';
import { Rpc } from './rpc.ts';
import { Supervisor, type WorkerProcess } from './supervisor.ts';

const PATH = 'v/live/movie';

/** A process that is none: a worker in the hands of the test. */
class Fake implements WorkerProcess {
  readonly pid = 4711;
  readonly line;
  readonly ended: Promise<string>;
  readonly end: (how: string) => void;
  member: Member | undefined;
  isStopped = false;
  /** What happens when it starts. */
  readonly #start: () => void;

  constructor(start: () => void) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.ended = promise;
    this.end = resolve;
    this.#start = start;
    const [near, far] = linePair();
    this.line = near;
    const calls: Partial<WorkerCalls> = {
      start: async (_, place) => this.#begin(calls, primary, place),
      stop: async () => {
        this.isStopped = true;
      },
    };
    const primary = new Rpc<PrimaryCalls>(far, calls);
  }

  kill(): void {
    this.end('signal SIGKILL');
  }

  #begin(calls: Partial<WorkerCalls>, primary: Rpc<PrimaryCalls>, place: Place) {
    this.member = new Member(place, primary);
    Object.assign(calls, this.member.calls);
    this.#start();
    return { rtmp: { host: '127.0.0.1', port: 1935 }, [`of-${place.worker}`]: { host: '', port: place.worker } };
  }
}

function setUp(start: (worker: number) => void = () => {}) {
  const clock = new VirtualClock();
  const lines: Record<string, unknown>[] = [];
  const log = loggerTo({ write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }, 'info');
  const leases = FileLeases.open({ file: undefined, keep: 60 * SECOND, clock, log: silentLogger });
  /** By number, the newest last. */
  const started = new Map<number, Fake[]>();
  const spawn = (worker: number) => {
    const fake = new Fake(() => start(worker));
    started.set(worker, [...(started.get(worker) ?? []), fake]);
    return fake;
  };
  const ground = { count: 3, config: {}, run: 'this-run', folder: '/nowhere', leases, hasOrigins: false };
  const supervisor = new Supervisor({ ...ground, clock, log, spawn });
  const worker = (number: number) => started.get(number)!.at(-1)!;
  const member = (number: number) => worker(number).member!;
  /** Has a worker publish the stream. */
  const publish = async (number: number) => {
    const { leases: own } = member(number);
    const lease = await own.claim(PATH);
    own.keep(PATH, { ...lease, anchor: 1 });
    await turn();
  };
  return { clock, lines, supervisor, started, worker, member, publish };
}

test('all workers are started with their numbers, and where they listen is told together', async () => {
  const { supervisor, member, worker } = setUp();
  assert.deepEqual(Object.keys(await supervisor.start()), ['rtmp', 'of-1', 'of-2', 'of-3']);
  for (const number of [1, 2, 3]) {
    const { worker: own, count, run } = member(number);
    assert.deepEqual([own, count, run], [number, 3, 'this-run']);
  }
  assert.equal(member(1).door('relay', 2), '/nowhere/2.relay');
  const stopping = supervisor.stop();
  await turn();
  assert.ok([1, 2, 3].every((number) => worker(number).isStopped));
  await stopping;
});

test('when one cannot start, all are ended, and its reason is told', async () => {
  const { supervisor, started } = setUp((worker) => {
    if (worker === 2) throw Object.assign(new Error('cannot listen on :1935'), { code: 'EADDRINUSE' });
  });
  await assert.rejects(supervisor.start(), { message: 'cannot listen on :1935', code: 'EADDRINUSE' });
  for (const [fake] of started.values()) assert.equal(await fake!.ended, 'signal SIGKILL');
});

test('what a worker publishes all know, one that is started later as well', async () => {
  const { supervisor, member, worker, publish, clock } = setUp();
  await supervisor.start();
  const moves: [string, number | undefined][] = [];
  member(3).onMove((path, owner) => moves.push([path, owner]));
  await publish(2);
  assert.deepEqual(
    [1, 2, 3].map((number) => member(number).ownerOf(PATH)),
    [2, 2, 2],
  );
  assert.deepEqual([...member(1).owned], [PATH]);
  worker(1).end('exit code 1');
  await turn();
  clock.advance(0);
  await turn();
  assert.equal(member(1).ownerOf(PATH), 2);
  worker(2).end('signal SIGSEGV');
  await turn();
  assert.equal(member(1).ownerOf(PATH), undefined);
  assert.deepEqual(moves, [
    [PATH, 2],
    [PATH, undefined],
  ]);
});

test('a worker that wants another one’s stream has it when that one yields', async () => {
  const { supervisor, member, publish } = setUp();
  await supervisor.start();
  await publish(1);
  let yields = false;
  const asked: string[] = [];
  member(1).leases.onRival(async (path) => {
    asked.push(path);
    return yields;
  });
  await assert.rejects(Promise.resolve(member(2).leases.claim(PATH)), { code: 'busy' });
  yields = true;
  await publish(2);
  assert.deepEqual([asked, member(3).ownerOf(PATH)], [[PATH, PATH], 2]);
});

test('a question goes to all others, and those who do not answer in time are left out', async () => {
  const { supervisor, member, worker, clock } = setUp();
  await supervisor.start();
  for (const number of [1, 2, 3]) member(number).answer('who', (question) => `${String(question)} ${number}`);
  assert.deepEqual(await member(1).ask('who', 'is'), ['is 2', 'is 3']);
  assert.deepEqual(await member(1).ask('what nobody knows'), []);
  member(2).answer('who', () => new Promise(() => {}));
  const late = member(1).ask('who', 'is');
  await turn();
  clock.advance(2 * SECOND);
  assert.deepEqual(await late, ['is 3']);
  const lost = member(1).ask('who', 'is');
  await turn();
  worker(2).end('signal SIGKILL');
  assert.deepEqual(await lost, ['is 3']);
});

test('one that ends is started again, and the others hear of it', async () => {
  const { supervisor, started, member, worker, clock, lines } = setUp();
  await supervisor.start();
  const losses: number[] = [];
  member(1).onLost((lost) => losses.push(lost));
  worker(3).end('signal SIGKILL');
  await turn();
  clock.advance(0);
  await turn();
  assert.deepEqual([started.get(3)!.length, losses], [2, [3]]);
  assert.deepEqual(
    lines.map(({ msg, worker: which, reason }) => [msg, which, reason]),
    [
      ['a worker has ended; it is started again', 3, 'signal SIGKILL'],
      ['a worker is there again', 3, undefined],
    ],
  );
});

test('one that hangs is ended, and started again', async () => {
  const { supervisor, started, worker, clock } = setUp();
  await supervisor.start();
  // It hears nothing any more.
  worker(2).line.send = () => {};
  for (let second = 0; second < 15; second++) {
    clock.advance(SECOND);
    await turn();
  }
  assert.deepEqual(
    [1, 2, 3].map((number) => started.get(number)!.length),
    [1, 2, 1],
  );
});

test('when one ends again and again there is an end, with a sentence', async () => {
  let isBroken = false;
  const { supervisor, worker, clock, started } = setUp((number) => {
    if (isBroken && number === 2) throw new Error('it cannot start');
  });
  await supervisor.start();
  isBroken = true;
  worker(2).end('signal SIGSEGV');
  for (let second = 0; second < 10; second++) {
    await turn();
    clock.advance(SECOND);
  }
  const { message } = await supervisor.failed;
  assert.equal(message, 'worker 2 ends again and again, at last with signal SIGKILL: the server gives up');
  assert.equal(started.get(2)!.length, 6);
  await supervisor.stop();
});
