import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../../test/support/cluster-simulation.ts';
import { SECOND } from '../base/clock.ts';

const PLAN = { nodes: 4, streams: 3, chaos: 20 * SECOND, healing: 5 * SECOND };
/** Thousands are run by `bench/cluster/simulate.ts`; those here have each found something once, or are simply the first. */
const SEEDS = [16, 50, 504, 519, 2011, 2065, 2356, 2560, ...Array.from({ length: 60 }, (_, i) => i)];

test('whatever breaks, no token goes back, and five seconds later every stream has one owner and plays everywhere', async () => {
  for (const seed of SEEDS) assert.deepEqual(await new World({ ...PLAN, seed }).run(), [], `seed ${seed}`);
});
