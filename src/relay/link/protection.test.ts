import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Simulation, Wire } from '../../../test/support/network.ts';
import { MOST_ROWS } from './erasure.ts';
import { type FittedProtection, rowsFor } from './protection.ts';

const USUAL: FittedProtection = { span: 40_000, loss: 0.05, left: 0.05, burst: 1, target: 1e-4 };

/** How often a path loses more of a group and its parity than there are rows. */
function failures({ loss, burst }: FittedProtection, count: number, rows: number, groups: number): number {
  const simulation = new Simulation(1);
  const wire = new Wire(simulation, { loss, burst });
  let failed = 0;
  for (let group = 0; group < groups; group++) {
    let came = 0;
    for (let i = 0; i < count + rows; i++) wire.send(1, () => came++);
    simulation.run(simulation.now);
    if (came < count) failed++;
    // The next group is far from this one.
    for (let i = 0; i < 50; i++) wire.send(1, () => {});
  }
  return failed / groups;
}

describe('the rows of parity for a group', () => {
  for (const [loss, burst, count] of [
    [0.01, 1, 16],
    [0.05, 1, 46],
    [0.1, 1, 16],
    [0.2, 1, 30],
    [0.05, 5, 46],
  ] as const) {
    test(`are as few as leave enough whole of ${count}, of which ${100 * loss} % are lost in bursts of ${burst}`, () => {
      const protection = { ...USUAL, loss, left: loss, burst, target: 1e-3 / count };
      const rows = rowsFor(protection, count);
      assert.ok(failures(protection, count, rows, 20_000) <= 1.5e-3);
      assert.ok(failures(protection, count, rows - 1, 20_000) > 7e-4);
    });
  }

  test('are fewer where repairs leave less lost, and none where that is little enough', () => {
    const rows = [0.05, 1e-2, 1e-3, 1e-5].map((left) => rowsFor({ ...USUAL, left }, 32));
    assert.deepEqual(
      rows,
      rows.toSorted((a, b) => b - a),
    );
    assert.ok(rows[0]! > rows[2]!);
    assert.equal(rows[3], 0);
  });

  test('are hardly more than the packets, and no more than there are', () => {
    const hopeless = { ...USUAL, loss: 0.5, left: 0.5, burst: 10 };
    assert.deepEqual(
      [1, 20, 128].map((count) => rowsFor(hopeless, count)),
      [3, 22, MOST_ROWS],
    );
  });

  test('are a steady share where that is wanted, and one at least', () => {
    const steady = { span: 40_000, share: 0.2 };
    assert.deepEqual(
      [1, 7, 20, 128].map((count) => rowsFor(steady, count)),
      [1, 1, 4, 26],
    );
  });
});
