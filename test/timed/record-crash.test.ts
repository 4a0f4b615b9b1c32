import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readManifest } from '../../src/record/manifest.ts';
import { clip } from '../support/clips.ts';
import { temporaryFolder } from '../support/ffmpeg.ts';
import { httpFlvViewer } from '../support/flv-client.ts';
import { framesOf } from '../support/frames.ts';
import { PacedPublisher } from '../support/paced.ts';
import { publisher } from '../support/publish.ts';
import { ask, complaintsAbout, finished, listing, packetsIn, recordable, verifyBy } from '../support/recordings.ts';
import { spawnServer, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const run = promisify(execFile);
const { tags } = await clip('movie');
/** How long the clip lasts with a pause behind it, and how much a crash may cost; in milliseconds. */
const LOOP = 4200;
const MOST_LOST = 1000;
/** When servers are killed, in milliseconds after their first frame: of a seeded draw. */
const MOMENTS = [713, 1187, 1630, 2291, 2906];

async function publishPaced(owner: Owner, server: TestServer): Promise<PacedPublisher> {
  const client = await publisher(owner, server, 'movie');
  return new PacedPublisher(owner, client, tags, LOOP);
}

describe('a server that is killed loses at most a second of a recording', { concurrency: 2 }, () => {
  for (const [format, extension] of [
    ['fmp4', 'mp4'],
    ['flv', 'flv'],
    ['ts', 'ts'],
  ] as const) {
    const moments = format === 'fmp4' ? MOMENTS : MOMENTS.slice(1, 2);
    for (const moment of moments)
      test(`in ${format}, ${moment} ms after its beginning`, needs('ffmpeg'), (t) =>
        killAt(t, moment, format, extension),
      );
  }
});

async function killAt(t: TestContext, moment: number, format: string, extension: string): Promise<void> {
  const folder = await temporaryFolder(t);
  const record = { paths: ['live/*'], folder, format, name: '[stream]' };
  const server = await spawnServer(t, { record });
  const publishing = await publishPaced(t, server);
  await until('the first frame is sent', () => publishing.sent.length > 0);
  await sleep(moment);
  server.program.kill('SIGKILL');
  publishing.stop();
  await server.program.ended();
  const sent = publishing.sent;
  const file = join(folder, `movie.${extension}`);
  const unfinished = await packetsIn(`${file}.part`);
  const end = Math.max(...sent.map(({ timestamp }) => timestamp));
  for (const kind of ['video', 'audio'] as const) {
    const last = Math.max(
      ...unfinished.packets.filter((each) => each.codec_type === kind).map((each) => Number(each.dts_time)),
    );
    assert.ok(end - last * 1000 <= MOST_LOST, `${kind}: ${end} ms were sent, ${last * 1000} ms can be played`);
  }
  const before = await verifyBy(`${file}.part`);
  assert.equal(before.code, 1);
  assert.match(before.said, /nothing that was written is missing or changed/);

  const next = await startTestServer(t, { record });
  const [listed] = await finished(next, 'live/movie');
  const { code, said } = await verifyBy(file);
  assert.equal(code, 0, said);
  const { packets, complaints } = await packetsIn(file);
  assert.equal(complaints + (await complaintsAbout(file)), '', 'it plays to its end');
  const { fragments } = readManifest(await readFile(`${file}.manifest`, 'utf8'))!;
  for (const kind of ['video', 'audio'] as const) {
    const last = Math.max(...fragments.map((each) => each[kind]?.last ?? 0)) / 1000;
    const wanted = recordable(sent, kind).filter(({ timestamp }) => timestamp <= last);
    assert.equal(
      packets.filter((each) => each.codec_type === kind).length,
      wanted.length,
      `${kind} frames up to ${last} ms`,
    );
    assert.equal(listed![`${kind}_frames`], wanted.length);
    assert.ok(end - last <= MOST_LOST, `${kind}: ${end} ms were sent, ${last} ms are kept`);
  }
  await next.stop();
}

test('viewers notice nothing of a full disk, and recording goes on when there is room', needs('ffmpeg'), async (t) => {
  const disk = await smallDisk(t);
  if (!disk) return t.skip('needs the right to mount a tmpfs');
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, new Uint8Array(1900 * 1024));
  const record = { paths: ['live/*'], folder: join(disk, 'recordings'), name: '[stream]' };
  const server = await startTestServer(t, { record, publish: { stopGrace: '0s', grace: '0s' } });
  const publishing = await publishPaced(t, server);
  await until('it is recorded', async () => (await listing(server)).running.length > 0);
  const viewer = httpFlvViewer(t, server.http('/live/movie.flv'));
  const failing = await server.logged('recording fails', { path: '__defaultVhost__/live/movie' });
  assert.match(String(failing['reason']), /ENOSPC/);
  const metrics = await (await ask(server, '/metrics')).text();
  assert.match(metrics, /headwater_recordings_failing 1\n/);
  assert.match((await listing(server)).running[0]!.trouble, /ENOSPC/);
  await sleep(1500);
  await rm(ballast);
  await server.logged('recording goes on');
  publishing.stop();
  const count = publishing.sent.length;
  await until('the viewer has all', () => viewer.tags.at(-1)?.timestamp === publishing.sent[count - 1]!.timestamp);
  const seen = framesOf(viewer.tags);
  const expected = framesOf(publishing.sent).slice(-seen.length);
  assert.deepEqual(
    seen.map(({ timestamp }) => timestamp),
    expected.map(({ timestamp }) => timestamp),
    'no frame is missing',
  );
  const late = viewer.times.map((time, i) => time - (viewer.times[i - 1] ?? time));
  assert.ok(Math.max(...late.slice(20)) < 500, `${Math.max(...late.slice(20))} ms without a frame`);
  await server.stop();
  const files = await readdir(record.folder);
  assert.deepEqual(
    files.filter((name) => !/^movie(?:-2)?\.mp4(?:\.manifest)?$/.test(name)),
    [],
  );
  const second = readManifest(await readFile(join(record.folder, 'movie-2.mp4.manifest'), 'utf8'))!;
  assert.deepEqual(
    second.gaps.map(({ gap }) => gap),
    ['disk'],
  );
  const { code, said } = await verifyBy(join(record.folder, 'movie-2.mp4'));
  assert.equal(code, 1, 'something is missing');
  assert.match(said, /\d+ frames are missing between .*: the disk refused to be written to/);
});

/** A disk of two mebibytes; nothing where that is not allowed. */
async function smallDisk(owner: Owner): Promise<string | undefined> {
  let mounted: string | undefined;
  // Before the folder is removed, which would be busy.
  owner.after(async () => void (mounted !== undefined && (await run('umount', ['-l', mounted]))));
  const folder = await temporaryFolder(owner);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    mounted = folder;
  } catch {}
  return mounted;
}
