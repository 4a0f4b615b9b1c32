import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { VIDEO } from '../../test/support/tracks.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { loadConfig } from '../config/load.ts';
import { coreOptions } from '../config/options.ts';
import { Hub } from '../hub/hub.ts';
import type { Publisher } from '../hub/publisher.ts';
import { Sessions } from '../hub/session.ts';
import { Dialers } from '../net/dialers.ts';
import { pump } from '../net/pump.ts';
import { Routes } from '../net/routes.ts';
import { noSiblings } from '../net/siblings.ts';
import type { Cargo, Taker } from '../net/takers.ts';
import { silentLogger } from '../ops/log.ts';
import { Carriage } from './carriage.ts';
import { Choice } from './choice.ts';

const PATH = 'v/live/movie';
const STEP = 40;
const text = JSON.stringify({ limits: { handshake: '5s', command: '10s' }, publish: { grace: '60s' } });
const config = loadConfig(z.strictObject(coreOptions), { file: { name: 'test', text } });

/** An origin in the hands of the test: what it was sent, and what it does with those who come. */
class Origin implements Taker {
  readonly protocol = 'test';
  readonly remote = '192.0.2.1';
  readonly name: string;
  readonly recognizes = true;
  /** The numbers of the pictures it was sent, by visit. */
  readonly visits: number[][] = [];
  /** Why it does not take a stream; undefined where it does, and never settled where it says nothing. */
  refusal: Error | Promise<never> | undefined;
  cargo: Cargo | undefined;
  #end: (error: Error) => void = () => {};

  constructor(name: string) {
    this.name = name;
  }

  async take(cargo: Cargo, { signal }: { readonly signal: AbortSignal }): Promise<never> {
    if (this.refusal instanceof Error) throw this.refusal;
    const over = new AbortController();
    signal.addEventListener('abort', () => over.abort(signal.reason));
    if (this.refusal) await Promise.race([this.refusal, rejection(over.signal)]);
    this.#end = (reason) => over.abort(reason);
    this.cargo = cargo;
    const visit: number[] = [];
    this.visits.push(visit);
    const reader = cargo.accept();
    const sink = { writableNeedDrain: false } as never;
    const write = (frame: { readonly data: Uint8Array }) => void visit.push(frame.data[0]!);
    return pump(reader, { sink, write, taken: (position) => cargo.confirm(position) }, over.signal);
  }

  async ask(): Promise<void> {}

  dies(): void {
    this.refusal = new Error('it is dead');
    this.#end(this.refusal);
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

class Stage {
  readonly clock = new VirtualClock();
  readonly origins: readonly Origin[];
  readonly closed: RefusedError[] = [];
  readonly sessions = new Sessions(this.clock);
  readonly routes = new Routes();
  readonly session = this.sessions.open({ protocol: 'rtmp', remote: '', close: (reason) => this.closed.push(reason) });
  readonly carriage: Carriage;
  isOver = false;
  #sent = 0;

  constructor(...names: readonly string[]) {
    const { clock, sessions, routes } = this;
    this.origins = names.map((name) => new Origin(name));
    const takers = { find: async () => this.origins };
    const choice = new Choice({ takers, clock, log: silentLogger });
    const hub = new Hub({ ...config.publish, window: config.window, segment: SECOND }, clock);
    const net = { dialers: new Dialers('edge'), siblings: noSiblings() };
    const context = { config, clock, nodeId: 'edge', sessions, routes, hub, ...net, log: silentLogger };
    const wish = { path: PATH, remote: '', query: new Map<string, string>() };
    this.carriage = new Carriage({ context, choice }, wish, this.session, () => (this.isOver = true));
    this.carriage.accepted.catch(() => {});
  }

  /** Lets so many milliseconds pass, in which the publisher, if there is one, sends 25 pictures a second with a key frame each second. */
  async pass(milliseconds: number, publisher?: Publisher): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += STEP) {
      if (publisher) this.#send(publisher);
      this.clock.advance(STEP * MILLISECOND);
      for (let i = 0; i < 3; i++) await new Promise(setImmediate);
    }
  }

  #send(publisher: Publisher): void {
    const dts = this.#sent * STEP * MILLISECOND;
    const keyframe = this.#sent % 25 === 0;
    publisher.announce(new Set(['video']));
    publisher.write({ track: VIDEO, dts, pts: dts, keyframe, data: Uint8Array.of(this.#sent++) });
  }
}

/** The numbers from one to another. */
function count(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

test('when an origin dies the next one is sent all that it lacks, and the publisher is left alone', async () => {
  const stage = new Stage('a', 'b');
  const [a, b] = stage.origins as [Origin, Origin];
  await stage.pass(STEP);
  const publisher = await stage.carriage.accepted;
  await stage.pass(2000, publisher);
  a.dies();
  await stage.pass(1000, publisher);
  assert.deepEqual(a.visits, [count(0, 50)]);
  assert.deepEqual(b.visits, [count(25, 75)]);
  assert.deepEqual(stage.closed, []);
  assert.equal(stage.session.detail['target'], 'b');
  assert.partialDeepStrictEqual(stage.carriage.report(), { to: 'b', state: 'running', reconnects: 1 });
});

test('an origin that is back after a while is sent all that came meanwhile', async () => {
  const stage = new Stage('a');
  const [a] = stage.origins as [Origin];
  await stage.pass(STEP);
  const publisher = await stage.carriage.accepted;
  await stage.pass(1000, publisher);
  a.dies();
  await stage.pass(5000, publisher);
  assert.equal(stage.carriage.report().state, 'retrying');
  a.refusal = undefined;
  await stage.pass(1000, publisher);
  assert.deepEqual(a.visits[1], count(0, 175));
  assert.deepEqual([stage.routes.skipped, stage.session.skipped], [0, 0]);
});

test('a publisher is closed when no origin was there for as long as viewers are kept', async () => {
  const stage = new Stage('a');
  const [a] = stage.origins as [Origin];
  await stage.pass(STEP);
  const publisher = await stage.carriage.accepted;
  await stage.pass(1000, publisher);
  a.dies();
  await stage.pass(59_000);
  assert.deepEqual(stage.closed, []);
  await stage.pass(2000);
  assert.deepEqual(
    stage.closed.map(({ code, message }) => [code, message]),
    [['timeout', 'no origin takes v/live/movie: it is dead']],
  );
  assert.ok(stage.isOver);
});

test('one who comes is told after a while that there is no origin, and at once what an origin has against him', async () => {
  const alone = new Stage();
  await alone.pass(9000);
  assert.equal(alone.isOver, false);
  await alone.pass(2000);
  await assert.rejects(alone.carriage.accepted, /no origin takes v\/live\/movie: no origin is known/);
  const refused = new Stage('a');
  refused.origins[0]!.refusal = new RefusedError('forbidden', 'the publish key is wrong');
  await refused.pass(STEP);
  await assert.rejects(refused.carriage.accepted, /the publish key is wrong/);
  assert.deepEqual(refused.closed, []);
});

test('an origin that hangs is left for the next one', async () => {
  const stage = new Stage('a', 'b');
  stage.origins[0]!.refusal = new Promise<never>(() => {});
  await stage.pass(6000);
  await stage.carriage.accepted;
  assert.equal(stage.session.detail['target'], 'b');
});

test('a publisher that an origin does not want any more is closed, with its reason', async () => {
  const stage = new Stage('a', 'b');
  const [a] = stage.origins as [Origin, Origin];
  await stage.pass(STEP);
  const publisher = await stage.carriage.accepted;
  await stage.pass(1000, publisher);
  a.dies();
  stage.origins[1]!.refusal = new RefusedError('busy', 'somebody else publishes it');
  await stage.pass(1000, publisher);
  assert.deepEqual(
    stage.closed.map(({ message }) => message),
    ['somebody else publishes it'],
  );
});

test('what was sent before the publisher left still gets to an origin that comes back', async () => {
  const stage = new Stage('a');
  const [a] = stage.origins as [Origin];
  await stage.pass(STEP);
  const publisher = await stage.carriage.accepted;
  await stage.pass(1000, publisher);
  a.dies();
  await stage.pass(1000, publisher);
  publisher.close(true);
  await stage.pass(1000);
  assert.equal(stage.isOver, false);
  a.refusal = undefined;
  await stage.pass(1000);
  assert.deepEqual(a.visits[1], count(0, 50));
  assert.ok(stage.isOver);
});

test('one who leaves before an origin has answered leaves nothing behind', async () => {
  const stage = new Stage();
  await stage.pass(STEP);
  stage.carriage.end(new RefusedError('gone', 'he left'));
  await stage.pass(STEP);
  assert.ok(stage.isOver);
  assert.equal([...stage.sessions].length, 1);
});
