import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { type TestContext, test } from 'node:test';
import type { SoakReport } from '../../bench/soak/report.ts';
import { soak } from '../../bench/soak/soak.ts';
import { needs } from '../support/tools.ts';

/** With it every mishap has happened after six seconds, and after three the line of a publisher has broken before a crowd. */
const SEED = 14848;
const MISHAPS = ['break', 'stop', 'silence', 'replacement', 'change', 'end'];

test(
  'while publishers have bad luck, crowds come and go and strangers talk rubbish, all is as it must be',
  needs('ffmpeg'),
  async (t) => {
    const { complaints, verdicts, rows, counts } = await run(t, 12);
    assert.deepEqual(complaints, []);
    assert.deepEqual(
      verdicts.filter(({ pass }) => !pass),
      [],
    );
    for (const { figures } of rows)
      assert.ok(figures['joined']! > 10 && figures['frames']! > 500, JSON.stringify(figures));
    assert.deepEqual(
      MISHAPS.filter((mishap) => !counts[mishap]),
      [],
    );
  },
);

test('the soak sees it when viewers are thrown out with their publisher', needs('ffmpeg'), async (t) => {
  const { verdicts } = await run(t, 6, { HEADWATER_PUBLISH_GRACE: '0s' });
  const missed = verdicts.filter(({ pass }) => !pass).map(({ figure }) => figure);
  assert.deepEqual(missed, ['viewers thrown out']);
});

function run(t: TestContext, seconds: number, options: Record<string, string> = {}): Promise<SoakReport> {
  const serverCores = `0-${availableParallelism() - 1}`;
  return soak({ seconds, seed: SEED, serverCores, options, note: (text) => t.diagnostic(text) });
}
