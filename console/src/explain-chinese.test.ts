import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../src/api/explain/rules/index.ts';
import { findingsInChinese } from './explain-chinese.ts';

const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

test('every rule is worded in Chinese, with the same figures', () => {
  assert.deepEqual(Object.keys(findingsInChinese).sort(), RULES.map(({ name }) => name).sort());
  for (const { name, what, remedy } of RULES) {
    assert.deepEqual(holes(findingsInChinese[name]!.what), holes(what), name);
    assert.deepEqual(holes(findingsInChinese[name]!.remedy), holes(remedy), name);
  }
});
