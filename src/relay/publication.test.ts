import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { dialingContext } from '../../test/support/dialing.ts';
import { madeStream } from '../../test/support/made-stream.ts';
import { until } from '../../test/support/until.ts';
import { AccessGate, type AccessRequest, type Verdict } from '../access/gate.ts';
import { SECOND } from '../base/clock.ts';
import type { RefusedError } from '../base/errors.ts';
import { Buffer } from '../forward/buffer.ts';
import type { HubEvent } from '../hub/hub.ts';
import type { Standing } from '../hub/standing.ts';
import type { Context } from '../module.ts';
import { dial } from '../net/dial.ts';
import { Ingress } from '../net/ingress.ts';
import type { Cargo } from '../net/takers.ts';
import { takerAt } from './destination.ts';
import { serveNode } from './origin.ts';
import { Publications } from './publication.ts';

const PATH = '__defaultVhost__/live/movie';
const EDGE = '192.0.2.1';

/** An origin, and what an edge sends there. */
class Stage {
  verdict: Verdict = 'allow';
  readonly asked: AccessRequest[] = [];
  readonly context: Context;
  readonly events: HubEvent[] = [];
  readonly #publications = new Publications();
  readonly #leaves: (() => void)[] = [];

  constructor() {
    const context = dialingContext({ publish: { staleAfter: '20s', firstFrameTimeout: '20s' } });
    const gate = new AccessGate([
      async (request) => {
        this.asked.push(request);
        return this.verdict;
      },
    ]);
    this.context = { ...context, access: gate, ingress: new Ingress(gate, context.hub) };
    context.hub.observe((event) => this.events.push(event));
  }

  /** What is published at an edge goes here. */
  send({ id = 'one', remote = '203.0.113.5', via = '', standing }: Partial<Cargo & { remote: string }> = {}) {
    const { context } = this;
    const session = context.sessions.open({ protocol: 'rtmp', remote, close: () => {} });
    const buffer = new Buffer(PATH, session, { duration: 60 * SECOND, bytes: 1e8 }, context.clock, () => {});
    const accepted = Promise.withResolvers<void>();
    const told: { next: number; standing: Standing | undefined }[] = [];
    const cargo: Cargo = {
      ...{ id, via, standing, stream: buffer.stream },
      wish: { path: PATH, remote, query: new Map([['key', 'x']]) },
      trace: async () => undefined,
      accept() {
        accepted.resolve();
        return buffer.open();
      },
      confirm: (next, stand) => void told.push({ next, standing: stand }),
    };
    const leaving = new AbortController();
    this.#leaves.push(() => leaving.abort(new Error('it leaves')));
    const open = async () => {
      const [near, far] = duplexPair();
      const ground = { context, nodeId: 'origin', isAsking: () => false, publications: this.#publications };
      void serveNode(ground, far, { node: 'edge', remote: EDGE });
      return near;
    };
    const taker = takerAt({ name: 'origin', host: '192.0.2.2', node: 'origin', open });
    const over = dial(context, taker, leaving.signal, (serving) => taker.take(cargo, serving));
    return {
      publisher: buffer.publisher,
      accepted: accepted.promise,
      over,
      told,
      leave: () => leaving.abort(new Error('it leaves')),
    };
  }

  /** Ends all that is under way. */
  close(): void {
    for (const leave of this.#leaves) leave();
    this.context.hub.close();
  }

  get stream() {
    return this.context.hub.find(PATH)!;
  }
}

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

test('what is published at an edge is a stream of the origin, which says what it has and where that stands', async () => {
  const { publisher, accepted, told } = stage.send();
  await accepted;
  const samples = madeStream(5, 6);
  for (const sample of samples) publisher.write(sample);
  await until('all frames are there', () => stage.stream?.log.head === samples.length);
  await until('the origin says so', () => told.at(-1)?.next === samples.length);
  const { token, anchor } = stage.stream.lease;
  const shift = stage.stream.log.at(0).dts - samples[0]!.dts;
  assert.deepEqual(told.at(-1)!.standing, { token, anchor, shift });
  assert.equal(stage.stream.publisher!.session.detail['publisher'], '203.0.113.5');
});

test('where its frames stand is said at once, and again when its token has become another one', async (t) => {
  // What would say it later does not.
  t.mock.method(globalThis, 'setInterval', () => setTimeout(() => {}, 0));
  const { publisher, accepted, told } = stage.send();
  await accepted;
  const [first, second] = [madeStream(5, 6), madeStream(6, 7)];
  for (const sample of first) publisher.write(sample);
  await until('all frames are there', () => stage.stream?.log.head === first.length);
  const { token } = stage.stream.lease;
  await until('the origin says so', () => told.at(-1)?.standing?.token === token);
  await stage.context.hub.raise(PATH, { token: token + 100, dts: Number.NEGATIVE_INFINITY });
  assert.ok(stage.stream.lease.token > token);
  for (const sample of second) publisher.write(sample);
  await until('it says so again', () => told.at(-1)?.standing?.token === stage.stream.lease.token);
  assert.equal(told.length, 2);
});

test('the gate of the origin is asked for the publisher, who is told what it has against him', async () => {
  stage.verdict = { refuse: 'not you' };
  const { over } = stage.send();
  assert.deepEqual([((await over) as RefusedError).code, ((await over) as Error).message], ['forbidden', 'not you']);
  const [{ action, path, remote, query }] = stage.asked as [AccessRequest];
  assert.deepEqual([action, path, remote, [...query]], ['publish', PATH, '203.0.113.5', [['key', 'x']]]);
});

test('one at the machine of the edge comes from the address of the edge', async () => {
  stage.verdict = { refuse: 'nobody' };
  for (const remote of ['127.0.0.1', '::1', 'localhost']) await stage.send({ remote, id: remote }).over;
  assert.deepEqual(new Set(stage.asked.map((asked) => asked.remote)), new Set([EDGE]));
});

test('one that comes again replaces himself at once', async () => {
  const first = stage.send();
  await first.accepted;
  for (const sample of madeStream(0, 1)) first.publisher.write(sample);
  await until('it publishes', () => stage.stream?.publisher);
  await stage.send().accepted;
  assert.match(String(await first.over), /the publisher came again/);
});

test('what led here before is refused', async () => {
  const { over } = stage.send({ via: `other ${stage.context.dialers.id}` });
  assert.equal(((await over) as RefusedError).code, 'forbidden');
});

test('the origin knows whether the publisher meant to stop, and waits for one who did not', async () => {
  for (const deliberate of [true, false]) {
    const { publisher, accepted } = stage.send({ id: String(deliberate) });
    await accepted;
    for (const sample of madeStream(0, 1)) publisher.write(sample);
    publisher.close(deliberate);
    await until('it has left', () => stage.events.at(-1)?.type === 'unpublished');
    assert.partialDeepStrictEqual(stage.events.at(-1), { type: 'unpublished', deliberate });
  }
});

test('one whose edge is lost is waited for as well', async () => {
  const { publisher, accepted, leave } = stage.send();
  await accepted;
  for (const sample of madeStream(0, 1)) publisher.write(sample);
  await until('it publishes', () => stage.stream?.lineup);
  leave();
  await until('it has left', () => stage.events.at(-1)?.type === 'unpublished');
  assert.partialDeepStrictEqual(stage.events.at(-1), { type: 'unpublished', deliberate: false });
});
