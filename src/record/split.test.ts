import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIDEO } from '../../test/support/recording.ts';
import { Frame } from '../media/frame.ts';
import { isSplitDue } from './split.ts';

const at = (hour: number, minute: number, day = 5) => new Date(2027, 0, day, hour, minute).getTime() * 1000;
const NEVER = { every: 0, size: 0, at: 'off' } as const;
const begun = { start: 10_000_000, wall: at(9, 50), bytes: 1000 };

function frame(dts: number, wall: number): Frame {
  const sample = { track: VIDEO, dts, pts: dts, keyframe: true, data: new Uint8Array(1) };
  return new Frame(sample, { seq: 0, tenure: { token: 1, epoch: 1 } }, dts, VIDEO, true, wall);
}

const cases: [what: string, split: Parameters<typeof isSplitDue>[0], frame: Frame, isDue: boolean][] = [
  ['without a reason no file ends', NEVER, frame(1e12, at(23, 0)), false],
  ['a file lasts as long as is said', { ...NEVER, every: 60_000_000 }, frame(69_999_999, at(9, 51)), false],
  ['and not longer', { ...NEVER, every: 60_000_000 }, frame(70_000_000, at(9, 51)), true],
  ['a file that is large enough ends', { ...NEVER, size: 1000 }, frame(10_000_000, at(9, 50)), true],
  ['a smaller one does not', { ...NEVER, size: 1001 }, frame(10_000_000, at(9, 50)), false],
  ['a new hour ends it', { ...NEVER, at: 'hour' }, frame(10_000_000, at(10, 0)), true],
  ['the same hour does not', { ...NEVER, at: 'hour' }, frame(10_000_000, at(9, 59)), false],
  ['the same hour of another day does', { ...NEVER, at: 'hour' }, frame(10_000_000, at(9, 55, 6)), true],
  ['a new day ends it', { ...NEVER, at: 'day' }, frame(10_000_000, at(0, 0, 6)), true],
  ['a new hour is no new day', { ...NEVER, at: 'day' }, frame(10_000_000, at(10, 0)), false],
];

for (const [what, split, next, isDue] of cases) {
  test(what, () => assert.equal(isSplitDue(split, begun, next), isDue));
}
