import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgeLink, originLink, receivedStream } from '../test/link-samples.ts';
import { arrivalOf, overheadOf, shareOf, slowestOf, tallyOf } from './links.ts';
import { outcomeInWords } from './parts/link-words.ts';

const { reported: _, ...untold } = originLink();

test('an origin knows what is lost when its edge has told', () => {
  assert.equal(tallyOf(edgeLink())?.lost, 2530);
  assert.equal(tallyOf(originLink())?.lost, 253);
  assert.equal(tallyOf(untold), undefined);
});

test('there is no share of nothing', () => {
  assert.equal(shareOf(0, 0), undefined);
  assert.equal(shareOf(1, 4), 0.25);
});

test('what repairs cost is compared with the media of this link, where that goes to nobody else', () => {
  const costs = { bytes: 1000, overhead_bytes: 50 };
  assert.equal(overheadOf(originLink(costs)), 0.05);
  assert.equal(overheadOf(edgeLink({ ...costs, media: 'multicast' })), 0.05);
  assert.equal(overheadOf(originLink({ ...costs, media: 'multicast' })), undefined);
  assert.equal(overheadOf(originLink({ ...costs, media: 'push' })), undefined);
  assert.equal(overheadOf(edgeLink({ bytes: 0 })), undefined);
});

test('of several streams the slowest stands for its link', () => {
  const streams = [200, 900, 300].map((delay) => receivedStream(`in-${delay}`, { delay_p99_ms: delay }));
  assert.equal(slowestOf(edgeLink({ streams })), streams[1]);
  assert.equal(slowestOf(edgeLink({ streams: [] })), undefined);
  assert.equal(slowestOf(originLink()), undefined);
});

test('a stream that comes from another node is found by its path, and one that goes there is not', () => {
  const path = '__defaultVhost__/live/movie';
  const there = edgeLink();
  const links = [originLink(), edgeLink({ node: 'another', streams: [] }), there];
  assert.deepEqual(arrivalOf({ links, pushes: [] }, path), { link: there, stream: there.streams[0] });
  assert.equal(arrivalOf({ links: [originLink()], pushes: [] }, path), undefined);
  assert.equal(arrivalOf({ links, pushes: [] }, '__defaultVhost__/live/other'), undefined);
});

test('the line of a stream is that of the log', () => {
  const outcome = { loss: 0.081, residual: 3e-6, overhead: 0.099 };
  const line = 'loss 8.1 %, residual 3e−6 at 480 ms, overhead 9.9 %';
  assert.equal(outcomeInWords(receivedStream('movie', { latency_ms: 480, outcome })), line);
  const better = { latency_ms: 620, residual: 1e-6 };
  const longer = receivedStream('movie', { latency_ms: 480, outcome: { ...outcome, better } });
  assert.equal(outcomeInWords(longer), `${line}; 620 ms would give 1e−6`);
});
