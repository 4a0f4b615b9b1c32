import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaving, placesOf, readPace } from './moves.ts';

const PLACES = [
  { id: 'a', viewers: 5 },
  { id: 'b', viewers: 30 },
  { id: 'c', viewers: 200 },
];

test('who leaves is at the node that is left, or anywhere but where all go', () => {
  assert.equal(leaving(PLACES, 'b', ''), 30);
  assert.equal(leaving(PLACES, 'b', 'a'), 30);
  assert.equal(leaving(PLACES, '', 'c'), 35);
  assert.equal(leaving(PLACES, 'x', 'a'), 0);
});

test('a node has the viewers of all protocols', () => {
  const rows = [
    { node: 'a', viewers: 3 },
    { node: 'b', viewers: 9 },
    { node: 'a', viewers: 2 },
  ];
  assert.deepEqual(placesOf(rows), [
    { id: 'b', viewers: 9 },
    { id: 'a', viewers: 5 },
  ]);
});

test('a pace is a whole number within limits, or none', () => {
  for (const [text, pace] of [
    ['', undefined],
    [' ', undefined],
    ['1', 1],
    ['200', 200],
    ['100000', 100_000],
    ['0', 'wrong'],
    ['100001', 'wrong'],
    ['1.5', 'wrong'],
    ['many', 'wrong'],
  ] as const)
    assert.equal(readPace(text), pace, text);
});
