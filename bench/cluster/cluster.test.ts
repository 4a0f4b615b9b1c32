import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../../test/support/tools.ts';
import { cluster } from '../benches/cluster.ts';
import type { Figures, Report } from '../report.ts';
import { readClusterSettings } from './settings.ts';

const SMALL = ['--runs', '1', '--seconds', '2', '--server-cores', '0', '--load-cores', '0'];

function run(row: string, ...more: readonly string[]): Promise<Report> {
  return cluster(readClusterSettings(['--rows', row, ...SMALL, ...more]));
}

async function figuresOf(report: Promise<Report>): Promise<Figures> {
  const { rows, verdicts } = await report;
  assert.ok(rows.length === 1 && verdicts.length > 0);
  return rows[0]!.figures;
}

test('a backup is seen to take over', needs('ffmpeg'), async () => {
  const { lost, backwards, ended, 'gap ms': gap } = await figuresOf(run('backup'));
  assert.deepEqual({ lost, backwards, ended }, { lost: 0, backwards: 0, ended: 0 });
  assert.ok(gap! > 0 && gap! < 2000, `${gap} ms`);
});

test('a stream at the second origin is seen to come', needs('ffmpeg'), async () => {
  const { 'first key frame ms': first } = await figuresOf(run('second'));
  assert.ok(first! > 0 && first! < 5000, `${first} ms`);
});

test('Redis is seen to be away and to be back', needs('ffmpeg', 'redis'), async () => {
  const { lost, backwards, ended } = await figuresOf(run('redis', '--outage', '1'));
  assert.deepEqual({ lost, backwards, ended }, { lost: 0, backwards: 0, ended: 0 });
});

test('nodes without streams of their own find those of others in a real Redis', needs('redis'), async () => {
  const figures = await figuresOf(run('directory', '--nodes', '3', '--streams', '20'));
  assert.ok(figures['look-up p50 ms']! > 0 && figures['node CPU %']! > 0, JSON.stringify(figures));
});

test('streams cross two hops, and none of their frames is missing', needs('ffmpeg'), async () => {
  const { rows } = await run('relay', '--relayed', '2');
  assert.equal(rows.length, 2);
  for (const { figures } of rows) {
    assert.ok(figures['core % a stream']! > 0, JSON.stringify(figures));
    assert.deepEqual({ missing: figures['missing'], faulty: figures['faulty'] }, { missing: 0, faulty: 0 });
  }
});

test('worlds in which everything breaks are as they are to be in the end', async () => {
  assert.deepEqual(await figuresOf(run('simulated', '--worlds', '2')), { worlds: 2, 'faulty worlds': 0 });
});

test('settings of the cluster that make no sense are refused with a sentence', () => {
  assert.deepEqual(readClusterSettings(['--rows', 'killed,relay']).rows, ['killed', 'relay']);
  assert.throws(() => readClusterSettings(['--rows', 'all']), /--rows knows killed, .*, not 'all'/);
  assert.throws(() => readClusterSettings(['--outage', '0']), /--outage wants a number above 0, not '0'/);
});
