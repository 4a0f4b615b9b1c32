import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../scripts/prepare.mjs';
import { type CpuProfile, timeByPlace } from './cpu-profile.ts';

const frame = (functionName: string, url = '') => ({ functionName, url });
const source = (path: string) => pathToFileURL(join(ROOT, path)).href;

test('each place has the time that it ran by itself, and what has none is told by its name and its caller', () => {
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 7] },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('(garbage collector)') },
      { id: 4, callFrame: frame('seal', source('src/relay/media/media-cipher.ts')), children: [5, 6] },
      { id: 5, callFrame: frame('update', 'node:internal/crypto/cipher'), children: [8] },
      { id: 6, callFrame: frame('check', source('src/relay/media/feed.ts')) },
      { id: 7, callFrame: frame('z', source('node_modules/@scope/name/dist/index.js')) },
      { id: 8, callFrame: frame('update') },
    ],
    startTime: 5_000_000,
    samples: [1, 2, 4, 5, 6, 8, 3, 7, 2],
    timeDeltas: [0, 5, 1000, 10, 20, 30, 40, 50, 60],
  };
  assert.deepEqual(
    [...timeByPlace(profile, { from: 0, to: 6000 })],
    [
      ['@scope/name', 60],
      ['(garbage collector)', 50],
      ['src/relay/media', 10 + 30],
      ['update of node:crypto', 40],
      ['node:crypto', 20],
      ['(root)', 5],
    ],
  );
  assert.deepEqual([...timeByPlace(profile, { from: 5001.1, to: 5001.155 })], [['(garbage collector)', 50]]);
});
