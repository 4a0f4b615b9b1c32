import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeHistory } from '../test/console-samples.ts';
import { extend } from './use-history.ts';

const HOUR_MS = 3_600_000;

test('what has come follows what is known, and what is older than an hour goes', () => {
  const known = nodeHistory('one', 720);
  const last = known.time_ms.at(-1)!;
  const news = { ...nodeHistory('one', 3), time_ms: [1, 2, 3].map((step) => last + step * 5000) };
  const [joined] = extend([known], [news]);
  assert.deepEqual([joined!.time_ms.length, joined!.viewers.length], [720, 720]);
  assert.equal(joined!.time_ms.at(-1)! - joined!.time_ms[0]!, HOUR_MS - 5000);
  assert.deepEqual(joined!.viewers.slice(-4), [719, 0, 1, 2]);
});

test('where nothing has come all stays, and a node that is not told of is gone', () => {
  const known = nodeHistory('one', 10);
  const [joined, ...others] = extend([known, nodeHistory('gone', 10)], [nodeHistory('one', 0)]);
  assert.deepEqual([joined, others], [known, []]);
});
