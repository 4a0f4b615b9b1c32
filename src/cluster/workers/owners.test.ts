import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../../base/clock.ts';
import type { RefusedError } from '../../base/errors.ts';
import type { Lease } from '../../hub/lease.ts';
import { silentLogger } from '../../ops/log.ts';
import { FileLeases } from '../leases.ts';
import { Owners } from './owners.ts';

const PATH = 'v/live/movie';
const KEEP = 60 * SECOND;

function setUp(fetcher?: number) {
  const clock = new VirtualClock();
  const leases = FileLeases.open({ file: undefined, keep: KEEP, clock, log: silentLogger });
  const moves: (number | undefined)[] = [];
  const asked: number[] = [];
  /** What a worker says that is asked to let go of a stream. */
  const state: { yields: (worker: number) => Promise<boolean> } = { yields: async () => true };
  const yields = (worker: number) => {
    asked.push(worker);
    return state.yields(worker);
  };
  const moved = (_: string, owner: number | undefined) => void moves.push(owner);
  const owners = new Owners({ leases, fetcher, yields, moved });
  /** Claims the stream and has it begin. */
  const publish = async (worker: number, held?: Lease) => {
    const lease = await owners.claim(worker, PATH, held);
    owners.keep(worker, PATH, { ...lease, anchor: lease.anchor ?? clock.wall() });
    return { ...lease, anchor: lease.anchor ?? clock.wall() };
  };
  return { clock, owners, moves, asked, state, publish };
}

const busy = (error: RefusedError) => error.code === 'busy';

test('a stream is a worker’s when it has begun, and nobody’s when it has ended', async () => {
  const { owners, moves, asked, clock } = setUp();
  const lease = await owners.claim(2, PATH, undefined);
  assert.deepEqual([moves, owners.owners], [[], []]);
  owners.keep(2, PATH, { ...lease, anchor: clock.wall() });
  owners.keep(2, PATH, { ...lease, anchor: clock.wall(), next: { segment: 7, discontinuity: 1 } });
  assert.deepEqual([moves, owners.owners], [[2], [[PATH, 2]]]);
  owners.release(2, PATH);
  assert.deepEqual([moves, owners.owners, asked], [[2, undefined], [], []]);
  assert.equal((await owners.claim(1, PATH, undefined)).anchor, undefined, 'the next one begins anew');
});

test('another worker has it with a greater token and the same anchor, once the first lets go', async () => {
  const { owners, publish, state, asked, moves } = setUp();
  const first = await publish(1);
  state.yields = async () => false;
  await assert.rejects(owners.claim(2, PATH, undefined), busy);
  state.yields = async (worker) => {
    owners.keep(worker, PATH, { ...first, next: { segment: 9, discontinuity: 2 } });
    return true;
  };
  const second = await publish(2);
  assert.ok(second.token > first.token);
  assert.deepEqual([second.anchor, second.next], [first.anchor, { segment: 9, discontinuity: 2 }]);
  assert.deepEqual(
    [asked, moves],
    [
      [1, 1],
      [1, 2],
    ],
  );
});

test('whoever has a stream keeps its lease when its publisher comes back', async () => {
  const { owners, publish, asked } = setUp();
  const lease = await publish(1);
  assert.deepEqual(await owners.claim(1, PATH, lease), lease);
  assert.deepEqual(asked, []);
});

test('what the one before still says of a stream counts no more', async () => {
  const { owners, publish, moves } = setUp();
  const first = await publish(1);
  const second = await publish(2);
  owners.keep(1, PATH, { ...first, anchor: 1 });
  owners.release(1, PATH);
  assert.deepEqual([moves, owners.owners], [[1, 2], [[PATH, 2]]]);
  assert.equal((await publish(1)).anchor, second.anchor);
});

test('of two that come at once one has it, and the other as the takeover rule says', async () => {
  const { owners, state, asked } = setUp();
  state.yields = async () => false;
  const [one, other] = [owners.claim(1, PATH, undefined), owners.claim(2, PATH, undefined)];
  assert.ok((await one).token > 0);
  await assert.rejects(other, busy);
  assert.deepEqual(asked, [1]);
});

test('one that was granted a stream and never began leaves it to the one before', async () => {
  const { owners, publish, asked, moves } = setUp();
  const first = await publish(1);
  await owners.claim(2, PATH, undefined);
  owners.release(2, PATH);
  const again = await owners.claim(1, PATH, first);
  assert.ok(again.token > first.token, 'the other one may have shown its token');
  assert.equal(again.anchor, first.anchor);
  assert.deepEqual([asked, moves], [[1], [1]]);
});

test('when a worker is lost its streams are nobody’s, and go on with whoever publishes them in time', async () => {
  const { owners, publish, moves, clock, asked } = setUp();
  const first = await publish(1);
  owners.lost(1);
  assert.deepEqual([moves, owners.owners], [[1, undefined], []]);
  clock.advance(KEEP / 2);
  const second = await publish(2);
  assert.deepEqual([second.anchor, asked], [first.anchor, []]);
  owners.lost(2);
  clock.advance(2 * KEEP);
  // The file is tidied up when something else is written.
  await owners.claim(1, 'v/live/other', undefined);
  clock.advance(KEEP);
  assert.equal((await owners.claim(1, PATH, undefined)).anchor, undefined);
});

test('a claim does not wait for a worker that is lost meanwhile', async () => {
  const { owners, publish, state } = setUp();
  await publish(1);
  const answer = Promise.withResolvers<boolean>();
  state.yields = () => answer.promise;
  const claim = owners.claim(2, PATH, undefined);
  owners.lost(1);
  answer.resolve(true);
  assert.ok((await claim).token > 0);
});

test('what nobody has claimed may be fetched by the first worker, which is asked', async () => {
  const { owners, state, asked } = setUp(1);
  state.yields = async () => false;
  await assert.rejects(owners.claim(2, PATH, undefined), busy);
  assert.ok((await owners.claim(1, PATH, undefined)).token > 0);
  assert.deepEqual(asked, [1]);
});

test('another node may have a stream when the worker that has it says so, and none while one claims it', async () => {
  const { owners, publish, state, asked } = setUp(1);
  assert.equal(await owners.yields(PATH), true);
  assert.deepEqual(asked, []);
  await publish(2);
  state.yields = async () => false;
  assert.equal(await owners.yields(PATH), false);
  state.yields = async () => true;
  assert.equal(await owners.yields(PATH), true);
  const claim = owners.claim(3, PATH, undefined);
  assert.equal(await owners.yields(PATH), false);
  await claim;
});

test('a stream that another node has taken is nobody’s here, and what its worker says of it counts no more', async () => {
  const { owners, publish, moves } = setUp();
  const lease = await publish(2);
  owners.drop(PATH);
  owners.drop(PATH);
  owners.keep(2, PATH, lease);
  owners.release(2, PATH);
  assert.deepEqual([moves, owners.owners], [[2, undefined], []]);
});

test('whoever has a stream is given a greater token for one that was seen, and nobody is asked', async () => {
  const { owners, publish, asked, moves } = setUp();
  const lease = await publish(1);
  assert.deepEqual(await owners.claim(1, PATH, lease, lease.token), lease);
  const raised = await owners.claim(1, PATH, lease, lease.token + 5);
  assert.ok(raised.token > lease.token + 5);
  assert.deepEqual([asked, moves, raised.anchor], [[], [1], lease.anchor]);
});

test('who knows that the owner has failed does not ask it', async () => {
  const { owners, publish, asked, moves, state, clock } = setUp();
  const lease = await publish(1);
  state.yields = async () => false;
  const after = await owners.claim(2, PATH, undefined, lease.token, lease.token);
  owners.keep(2, PATH, { ...after, anchor: clock.wall() });
  assert.deepEqual([asked, moves], [[], [1, 2]]);
});
