import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { loggerTo } from '../ops/log.ts';
import { Demo } from './demo.ts';

const folder = mkdtempSync(join(tmpdir(), 'headwater-demo-'));
after(() => rmSync(folder, { recursive: true }));

type Line = { msg: string; reason?: string; line?: string };

/** A demo whose ffmpeg is a shell script, and what it logs. */
function demoOf(name: string, script: string | undefined, pause = 1) {
  const lines: Line[] = [];
  const log = loggerTo({ write: (line) => lines.push(JSON.parse(line) as Line) }, 'debug');
  const ffmpeg = join(folder, name);
  if (script !== undefined) writeFileSync(ffmpeg, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return { demo: new Demo({ url: 'rtmp://127.0.0.1/live/demo?key=k', log, ffmpeg, pause }), lines };
}

test('ffmpeg is given the URL and runs until the demo stops', async () => {
  const seen = join(folder, 'seen');
  const { demo, lines } = demoOf('steady', `echo "$@" > ${seen}.part; mv ${seen}.part ${seen}; exec sleep 60`);
  const args = await until('ffmpeg is started', () => {
    try {
      return readFileSync(seen, 'utf8');
    } catch {
      return undefined;
    }
  });
  assert.match(args, /testsrc2=size=1280x720:rate=30.* -f flv rtmp:\/\/127\.0\.0\.1\/live\/demo\?key=k\n$/);
  await demo.stop();
  assert.deepEqual(lines, []);
});

test('ffmpeg is started again when it ends, and what it says is logged', async () => {
  const { demo, lines } = demoOf('failing', 'echo "no /x?key=k" >&2; exit 3');
  await until('two ends', () => lines.filter(({ reason }) => reason === 'exit code 3').length >= 2);
  await demo.stop();
  assert.ok(lines.some(({ line }) => line === 'no /x?key=***'));
});

test('an ffmpeg that is missing is named once, and the demo is over', async () => {
  const { demo, lines } = demoOf('missing', undefined);
  await until('the message', () => lines.length === 1);
  assert.equal(lines[0]!.msg, 'the demo needs ffmpeg; on Debian: apt-get install ffmpeg');
  await demo.stop();
  assert.equal(lines.length, 1);
});

test('stopping does not wait for the next try', async () => {
  const { demo, lines } = demoOf('slow', 'exit 1', 3_600_000);
  await until('the first end', () => lines.some(({ reason }) => reason === 'exit code 1'));
  await demo.stop();
});
