import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';

/** What Node's own summary says of a run, line by line, and what it counts them as. */
const SUMMARY = Object.entries({
  tests: 'tests',
  suites: 'suites',
  pass: 'passed',
  fail: 'failed',
  cancelled: 'cancelled',
  skipped: 'skipped',
  todo: 'todo',
});

/**
 * Runs groups of test files (options of `run` of `node:test`) one after another, and tells of them on stdout as of one run:
 * what Node's `spec` reporter says, with one summary and one list of what has failed, and after it one line for programs
 * that read the end of the output: `N passed, N failed`, and how many were skipped if any were. Resolves to whether all passed;
 * where there was none, that is an error as well.
 */
export async function runGroups(groups) {
  const total = { duration_ms: 0, counts: Object.fromEntries(SUMMARY.map(([, count]) => [count, 0])) };
  await pipeline(Readable.from(eventsOf(groups, total)).compose(new Spec()), process.stdout, { end: false });
  process.stdout.write(closingLine(total.counts));
  return total.counts.tests > 0 && total.counts.failed + total.counts.cancelled === 0;
}

/** The events of all groups, with the summary of their total in the place of those of each. */
async function* eventsOf(groups, total) {
  for (const group of groups) {
    for await (const event of run(group)) {
      // There is a summary of each file, too.
      if (event.type === 'test:summary' && event.data.file === undefined) add(total, event.data);
      else if (!isOfSummary(event)) yield event;
    }
  }
  for (const [name, count] of SUMMARY) yield line(`${name} ${total.counts[count]}`);
  yield line(`duration_ms ${total.duration_ms}`);
}

function add(total, { counts, duration_ms }) {
  for (const name of Object.keys(total.counts)) total.counts[name] += counts[name];
  total.duration_ms += duration_ms;
}

/** Node tells a run's counts as lines that belong to no file. */
function isOfSummary({ type, data }) {
  return type === 'test:diagnostic' && data.nesting === 0 && data.file === undefined;
}

function line(message) {
  return { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } };
}

/** Tests that did not come to their end count as failed. */
function closingLine({ passed, failed, cancelled, skipped }) {
  const parts = [`${passed} passed`, `${failed + cancelled} failed`];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return `${parts.join(', ')}\n`;
}
