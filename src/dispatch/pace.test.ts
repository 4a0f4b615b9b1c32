import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND } from '../base/clock.ts';
import { turnsOf } from './pace.ts';

test('as many have their turn in a second as the pace says, however slow it is', () => {
  for (const pace of [1, 3, 19, 20, 27, 200, 1234, 100_000]) {
    const { count, every } = turnsOf(pace);
    assert.ok(Math.abs((count * SECOND) / every - pace) < 1e-6, `${pace}`);
    assert.ok(pace < 20 ? count === 1 : every < SECOND / 10, `${pace}: ${count} every ${every}`);
  }
});
