import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../test/support/ffmpeg.ts';
import { Studio } from '../../test/support/recording.ts';
import type { Owner } from '../../test/support/until.ts';
import { systemDisk } from './disk.ts';
import { type Manifest, manifestLine, readManifest } from './manifest.ts';
import { recover } from './recover.ts';
import { Shelf } from './shelf.ts';
import { verify } from './verify.ts';

const EXTENSIONS = { fmp4: 'mp4', flv: 'flv', ts: 'ts' } as const;
type Format = keyof typeof EXTENSIONS;

interface Unfinished {
  readonly media: Uint8Array;
  readonly text: string;
  readonly manifest: Manifest;
}

/** A recording as it is while it is being made: six seconds. */
async function unfinished(format: Format): Promise<Unfinished> {
  const studio = new Studio();
  await studio.record({ format });
  await studio.send(6);
  const name = `/rec/movie.${EXTENSIONS[format]}`;
  const text = studio.disk.text(`${name}.manifest`);
  return { media: studio.disk.files.get(`${name}.part`)!, text, manifest: readManifest(text)! };
}

/** Writes it into a folder, cut off after so many bytes. */
async function leave(
  owner: Owner,
  format: Format,
  { media, text }: Unfinished,
  mediaBytes = media.length,
  textBytes = text.length,
): Promise<string> {
  const file = join(await temporaryFolder(owner), `movie.${EXTENSIONS[format]}`);
  await writeFile(`${file}.part`, media.subarray(0, mediaBytes));
  await writeFile(`${file}.manifest`, text.slice(0, textBytes));
  return file;
}

for (const format of ['fmp4', 'flv', 'ts'] as const) {
  test(`a recording in ${format} whose writer was killed is finished with all that is whole, wherever it is cut off`, async (t) => {
    const made = await unfinished(format);
    const { fragments, header } = made.manifest;
    const cut = fc.integer({ min: 0, max: 1000 });
    await fc.assert(
      fc.asyncProperty(cut, cut, async (ofMedia, ofText) => {
        const mediaBytes = Math.round(((1000 - ofMedia ** 2 / 1000) / 1000) * made.media.length);
        const textBytes = Math.round(((1000 - ofText ** 2 / 1000) / 1000) * made.text.length);
        const file = await leave(t, format, made, mediaBytes, textBytes);
        const listed = readManifest(made.text.slice(0, textBytes));
        const whole = listed?.fragments.filter(({ at, size }) => at + size <= mediaBytes) ?? [];
        if (!listed && mediaBytes > 0) return assert.rejects(recover(systemDisk, file), /manifest/);
        const recovered = await recover(systemDisk, file);
        assert.ok(!existsSync(`${file}.part`));
        assert.equal(recovered !== undefined, whole.length > 0);
        if (!recovered) return assert.ok(!existsSync(file));
        const last = whole.at(-1)!;
        assert.equal((await stat(file)).size, last.at + last.size);
        const { lines } = await verify(file);
        assert.match(lines.at(-1)!, /nothing that was written is missing or changed/);
        assert.deepEqual(readManifest(await readFile(`${file}.manifest`, 'utf8'))!.fragments, whole);
      }),
      { seed: 7, numRuns: 25 },
    );
    assert.ok(fragments.length > 20 && header.opening.size >= 0);
  });
}

test('a fragment that is not as its manifest says, and all after it, are left out', async (t) => {
  const made = await unfinished('fmp4');
  const bad = made.manifest.fragments.at(-3)!;
  const media = made.media.slice();
  media[bad.at + 20]! ^= 1;
  const file = await leave(t, 'fmp4', { ...made, media });
  await recover(systemDisk, file);
  assert.equal((await stat(file)).size, bad.at);
});

test('one that was finished but not renamed is', async (t) => {
  const made = await unfinished('fmp4');
  const size = made.media.length;
  const end = { end: 'done', size, ended: 1, video: 1, audio: 1, missing: 0 } as const;
  const file = await leave(t, 'fmp4', { ...made, text: made.text + manifestLine(end) });
  await recover(systemDisk, file);
  assert.equal((await stat(file)).size, size);
  assert.equal((await readFile(`${file}.manifest`, 'utf8')).match(/"end":/g)!.length, 1);
});

test('a shelf knows what is finished, finishes what is not, and leaves alone what another process writes', async (t) => {
  const made = await unfinished('fmp4');
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'live'));
  const put = async (name: string, text: string) => {
    await writeFile(join(folder, 'live', `${name}.mp4.part`), made.media);
    await writeFile(join(folder, 'live', `${name}.mp4.manifest`), text);
  };
  await put('killed', made.text);
  await put('other', made.text.replace(`"pid":${process.pid}`, `"pid":${process.ppid}`));
  await put('damaged', 'not a manifest\n');
  const shelf = new Shelf(folder, systemDisk);
  await shelf.scan();
  assert.deepEqual(shelf.list(), []);
  const reports: string[] = [];
  await shelf.recoverAll((file, error) => reports.push(`${relative(folder, file)} ${error?.message ?? 'is finished'}`));
  assert.deepEqual(reports.sort(), [
    'live/damaged.mp4 its manifest is missing or damaged',
    'live/killed.mp4 is finished',
  ]);
  const again = new Shelf(folder, systemDisk);
  await again.scan();
  assert.deepEqual(again.list(), shelf.list());
  const [found] = again.list();
  assert.deepEqual([found!.file, found!.isFinished, found!.size], ['live/killed.mp4', true, made.media.length]);
  assert.deepEqual(again.find(found!.id), found);
  await again.remove(found!);
  assert.deepEqual(again.list(), []);
  assert.equal((await readdir(join(folder, 'live'))).length, 4);
});

test('a removed recording takes the folders with it that are empty then', async (t) => {
  const made = await unfinished('fmp4');
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'live/movie'), { recursive: true });
  await writeFile(join(folder, 'live/movie/a.mp4.part'), made.media);
  await writeFile(join(folder, 'live/movie/a.mp4.manifest'), made.text);
  const shelf = new Shelf(folder, systemDisk);
  await shelf.scan();
  await shelf.recoverAll(() => {});
  await shelf.remove(shelf.list()[0]!);
  assert.deepEqual(await readdir(folder), []);
});

test('verifying tells what is damaged, cut off or not finished', async (t) => {
  const made = await unfinished('fmp4');
  const file = await leave(t, 'fmp4', made);
  const running = await verify(`${file}.part`);
  assert.ok(!running.isComplete);
  assert.match(running.lines.join('\n'), /it is being written/);
  await recover(systemDisk, file);
  for (const name of [file, `${file}.manifest`, `${file}.part`]) assert.ok((await verify(name)).isComplete, name);
  const bytes = await readFile(file);
  bytes[made.manifest.fragments[3]!.at + 30]! ^= 1;
  bytes[3]! ^= 1;
  await writeFile(file, bytes);
  await truncate(file, bytes.length - 1);
  const { isComplete, lines } = await verify(file);
  assert.ok(!isComplete);
  const told = lines.join('\n');
  assert.match(told, /the beginning of the file is not as it was written/);
  assert.match(told, /the fragment of \d+ frames at \d\.\d+ s, bytes \d+ to \d+, is damaged or missing/);
  assert.match(told, /the file ends at byte \d+ and not at \d+/);
  await writeFile(`${file}.manifest`, 'nothing');
  assert.ok(!(await verify(file)).isComplete);
  await assert.rejects(verify(`${file}.absent`), { code: 'ENOENT' });
});
