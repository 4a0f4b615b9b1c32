import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { ROOT } from './prepare.mjs';
import { runGroups } from './run-groups.mjs';

/** For what hangs; a whole file counts as a test, too. */
const LONGEST_TEST_MS = 600_000;
const UNIT = ['src/**/*.test.ts', 'player/src/**/*.test.ts', 'console/src/**/*.test.ts', 'scripts/**/*.test.mjs'];
/** Tests that measure delays, stalls or rates, and those of benches, which do: each of these files has the machine for itself. */
const ALONE = ['test/timed/**/*.test.ts', 'bench/**/*.test.ts'];
const OTHERS = ['test/**/*.test.ts', 'console/test/**/*.test.ts'];
/** Most tests wait most of the time, for what comes at the speed of life: one for each core leaves them room. */
const AT_ONCE = availableParallelism();

// The short ones come last: so no core is idle for long at the end.
const SUITES = {
  all: [group(AT_ONCE, [...find(OTHERS, ALONE), ...find(UNIT)]), group(1, find(ALONE))],
  unit: [group(AT_ONCE, find(UNIT))],
};

/** These files, so many at once. */
function group(concurrency, files) {
  return { files, cwd: ROOT, concurrency, timeout: LONGEST_TEST_MS };
}

function find(patterns, exclude = []) {
  return globSync(patterns, { cwd: ROOT, exclude });
}

// Under the pinned Node, as everything that is tested: `npm test` finds that.
process.exitCode = (await runGroups(SUITES[process.argv[2]])) ? 0 : 1;
