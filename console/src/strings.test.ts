import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chinese, english, type StringKey } from './strings.ts';

test('both languages fill in the same holes', () => {
  const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(english) as StringKey[])
    assert.deepEqual(holes(chinese[key]), holes(english[key]), key);
});
