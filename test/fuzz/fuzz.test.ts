import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCorpus } from './corpus.ts';
import { failureOn, fuzz, minimise } from './fuzz.ts';
import { Random } from './random.ts';
import { TARGETS } from './targets.ts';

const SEED = 20_260;
/** Few enough that all targets together take a second or two. */
const INPUTS = 300;

for (const [name, target] of Object.entries(TARGETS)) {
  describe(name, () => {
    test('takes what is well-formed, and what it once failed on', () => {
      for (const bytes of [...target.seeds, ...readCorpus(name)])
        assert.equal(failureOn(target, bytes)?.error, undefined);
    });

    test('refuses hostile input in no other way than agreed upon', () => {
      const known = [...target.seeds, ...readCorpus(name)];
      const { failure } = fuzz(target, known, new Random(SEED), (tried) => tried < INPUTS);
      if (failure) throw failure.error;
    });
  });
}

describe('the fuzzer', () => {
  const fragile = {
    seeds: [Uint8Array.of(1, 2, 3, 4)],
    run: (bytes: Uint8Array) => assert.ok(!bytes.includes(0xff)),
  };

  test('finds what fails, and makes it as short as can be', () => {
    const { failure } = fuzz(fragile, fragile.seeds, new Random(1), (tried) => tried < 10_000);
    assert.ok(failure);
    assert.deepEqual(minimise(fragile, failure.bytes), Uint8Array.of(0xff));
  });

  test('tries the same inputs for the same seed', () => {
    const inputs = (seed: number) => {
      const tried: string[] = [];
      fuzz(
        { seeds: [], run: (bytes) => void tried.push(String(bytes)) },
        fragile.seeds,
        new Random(seed),
        (count) => count < 100,
      );
      return tried;
    };
    assert.deepEqual(inputs(7), inputs(7));
    assert.notDeepEqual(inputs(7), inputs(8));
  });
});
