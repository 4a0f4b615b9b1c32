import { type FileHandle, open, readFile } from 'node:fs/promises';
import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { RecordingContent } from '../hub/recordings.ts';
import { type Fragment, type Header, readManifest } from './manifest.ts';
import { FORMATS, MANIFEST, PART } from './places.ts';
import { firstOf, lastOf } from './seal.ts';
import { rebase } from './wire/rebase.ts';

/** How much of a file is read at once, in bytes. */
const CHUNK = 256 * 1024;

/** The first `size` bytes of a recording, finished or not. */
export function wholeContent(file: string, size: number, format: Header['format']): RecordingContent {
  return {
    size,
    type: FORMATS[format].type,
    async *read(from, to) {
      const handle = await openEither(file);
      try {
        for (let at = from; at < to; at += CHUNK) yield await readAll(handle, at, Math.min(CHUNK, to - at));
      } finally {
        await handle.close();
      }
    },
  };
}

/** The part of a recording between two moments, see `Recordings.cut`. */
export async function cutContent(file: string, from: number, to: number): Promise<RecordingContent> {
  const manifest = readManifest(await readFile(file + MANIFEST, 'utf8').catch(() => ''));
  if (!manifest) throw new RefusedError('not-found', 'the manifest of this recording cannot be read');
  const { header, fragments } = manifest;
  if (header.format !== 'fmp4') throw new RefusedError('unsupported', 'only recordings in fMP4 can be cut');
  const chosen = between(fragments, from, to);
  if (chosen.length === 0) throw new RefusedError('not-found', 'this recording has nothing between these moments');
  const size = chosen.reduce((sum, each) => sum + each.size, header.opening.size);
  return { size, type: FORMATS.fmp4.type, read: () => readCut(file, header, chosen) };
}

/** From the key frame before one moment to that after another; seconds from the first frame of all. */
function between(fragments: readonly Fragment[], from: number, to: number): readonly Fragment[] {
  const start = firstOf(fragments);
  const seconds = (fragment: Fragment) => (firstOf([fragment]) - start) / SECOND;
  if (from > (lastOf(fragments) - start) / SECOND || from >= to) return [];
  const before = fragments.findLastIndex((fragment) => fragment.key && seconds(fragment) <= from);
  const first = before >= 0 ? before : fragments.findIndex(({ key }) => key);
  if (first < 0) return [];
  const end = fragments.findIndex((fragment, i) => i > first && fragment.key && seconds(fragment) >= to);
  return fragments.slice(first, end < 0 ? undefined : end);
}

async function* readCut(file: string, { opening }: Header, chosen: readonly Fragment[]): AsyncGenerator<Uint8Array> {
  const earlier = firstOf(chosen);
  const handle = await openEither(file);
  try {
    yield await readAll(handle, 0, opening.size);
    for (const { at, size } of chosen) {
      const bytes = await readAll(handle, at, size);
      rebase(bytes, earlier);
      yield bytes;
    }
  } finally {
    await handle.close();
  }
}

/** Under the name that it has, or will have. */
async function openEither(file: string): Promise<FileHandle> {
  return open(file, 'r')
    .catch(() => open(file + PART, 'r'))
    .catch(() => open(file, 'r'));
}

async function readAll(handle: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new Error('a recording is shorter than its manifest says');
    done += bytesRead;
  }
  return bytes;
}
