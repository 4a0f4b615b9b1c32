import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND } from '../../base/clock.ts';
import { SharedAnswers } from './shared-answers.ts';

const ms = (time: number) => time * MILLISECOND;
const [a, b, c] = [{}, {}, {}];

test('a packet that one edge lacks is sent to it alone, however often it asks', () => {
  const answers = new SharedAnswers();
  assert.deepEqual(
    [0, 10, 20].map((time) => answers.route(5, a, ms(time))),
    ['own', 'own', 'own'],
  );
});

test('what a second edge lacks at the same time is sent to all, which answers the third; who asks again lacks it still', () => {
  const answers = new SharedAnswers();
  assert.deepEqual(
    [a, b, c, c, a, b].map((edge, i) => answers.route(5, edge, ms(i))),
    ['own', 'all', 'none', 'own', 'own', 'own'],
  );
});

test('packets have nothing to do with each other, nor have losses that are apart in time', () => {
  const answers = new SharedAnswers();
  assert.equal(answers.route(5, a, 0), 'own');
  assert.equal(answers.route(6, b, 0), 'own');
  assert.equal(answers.route(5, b, ms(50)), 'own');
  assert.equal(answers.route(5, a, ms(60)), 'all');
});
