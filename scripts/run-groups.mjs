import { relative } from 'node:path';
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

/** Of so many files it is told how long they took. */
const MOST_SLOW = 10;

/**
 * Runs groups of test files (options of `run` of `node:test`) one after another, and tells of them on stdout as of one run:
 * what Node's `spec` reporter says, with one summary and one list of what has failed, after it the files that took longest, and last
 * one line for programs that read the end of the output: `N passed, N failed`, and how many were skipped if any were. Resolves to
 * whether all passed; where there was none, that is an error as well.
 */
export async function runGroups(groups) {
  const counts = Object.fromEntries(SUMMARY.map(([, count]) => [count, 0]));
  const total = { duration_ms: 0, counts, files: [] };
  await pipeline(Readable.from(eventsOf(groups, total)).compose(new Spec()), process.stdout, { end: false });
  process.stdout.write(slowest(total.files) + closingLine(total.counts));
  return total.counts.tests > 0 && total.counts.failed + total.counts.cancelled === 0;
}

/** The events of all groups, with the summary of their total in the place of those of each. */
async function* eventsOf(groups, total) {
  for (const group of groups) {
    for await (const event of run(group)) {
      // There is a summary of each file, too.
      const { type, data } = event;
      if (type === 'test:summary' && data.file !== undefined) total.files.push(data);
      if (type === 'test:summary' && data.file === undefined) add(total, data);
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

/** The files that took longest, a line each. */
function slowest(files) {
  const slow = files.toSorted((one, other) => other.duration_ms - one.duration_ms).slice(0, MOST_SLOW);
  const lines = slow.map(({ file, duration_ms }) => {
    const seconds = (duration_ms / 1000).toFixed(1).padStart(7);
    return `${seconds} s ${relative(process.cwd(), file)}\n`;
  });
  return lines.length > 0 ? `slowest files:\n${lines.join('')}` : '';
}

/** Tests that did not come to their end count as failed. */
function closingLine({ passed, failed, cancelled, skipped }) {
  const parts = [`${passed} passed`, `${failed + cancelled} failed`];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return `${parts.join(', ')}\n`;
}
