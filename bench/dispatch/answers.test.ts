import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../../test/support/tools.ts';
import { readSettings } from '../settings.ts';
import { answers } from './answers.ts';

const SMALL = readSettings(['dispatch', '--seconds', '1', '--server-cores', '0', '--load-cores', '0']);

for (const workers of [1, 2])
  test(`a node of ${workers} process(es) is seen to give lines to all who ask`, needs('redis'), async (t) => {
    const { 'answers/s': given, 'p50 ms': p50, 'p99 ms': p99 } = await answers(t, SMALL, workers);
    assert.ok(given! > 32 && p50! > 0 && p99! >= p50!, `${given} answers a second, p50 ${p50} ms, p99 ${p99} ms`);
  });
