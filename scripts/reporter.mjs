import { Readable } from 'node:stream';
import { spec as Spec } from 'node:test/reporters';

/**
 * What Node's `spec` reporter says, and after it one line for programs that read the end of the output:
 * `N passed, N failed`, and how many were skipped if any were. The default export is what `--test-reporter` loads.
 */
export default async function* report(source) {
  let line = '';
  const watch = async function* () {
    for await (const event of source) {
      // There is a summary of each file, too.
      if (event.type === 'test:summary' && event.data.file === undefined) line = closingLine(event.data.counts);
      yield event;
    }
  };
  yield* Readable.from(watch()).compose(new Spec());
  yield line;
}

/** Tests that did not come to their end count as failed. */
function closingLine({ passed, failed, cancelled, skipped }) {
  const parts = [`${passed} passed`, `${failed + cancelled} failed`];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return `${parts.join(', ')}\n`;
}
