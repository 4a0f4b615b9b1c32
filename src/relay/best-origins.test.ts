import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeFront, NodeRecord } from '../net/cluster.ts';
import { bestOrigins } from './best-origins.ts';

function node(id: string, cpu: number, more: Partial<NodeRecord> & { region?: string } = {}): NodeRecord {
  const { region = '', ...rest } = more;
  const load = { cpu, cores: 1, streams: 0, viewers: 0, bitrate: 0 };
  return { id, role: 'origin', version: '1', since: 0, load, front: { region } as NodeFront, ...rest };
}

function order(nodes: readonly NodeRecord[], region = '', ...owners: readonly string[]): string {
  return bestOrigins(nodes, { owners: new Set(owners), region })
    .map(({ id }) => id)
    .join(' ');
}

test('the origin with the least to do is the best one, and edges are none', () => {
  assert.equal(order([node('a', 0.5), node('b', 0.1), node('c', 0, { role: 'edge' })]), 'b a');
});

test('one of several cores is as busy as they are together', () => {
  const load = { cpu: 1.2, cores: 4, streams: 0, viewers: 0, bitrate: 0 };
  assert.equal(order([node('a', 0.5), node('four', 0, { load })]), 'four a');
});

test('one of the same region is better than one with less to do, unless it is busy', () => {
  const near = { region: 'north' };
  assert.equal(order([node('far', 0.1), node('near', 0.8, near)], 'north'), 'near far');
  assert.equal(order([node('near', 0.95, near), node('far', 0.1)], 'north'), 'far near');
  assert.equal(order([node('far', 0.1), node('near', 0.8, near)]), 'far near', 'no region is wished for');
});

test('one that is to be left is the last resort, and who has the stream is always the first', () => {
  const nodes = [node('left', 0, { draining: 1 }), node('busy', 0.95), node('free', 0.5)];
  assert.equal(order(nodes), 'free busy left');
  assert.equal(order(nodes, '', 'left'), 'left free busy');
});
