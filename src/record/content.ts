import { type FileHandle, open } from 'node:fs/promises';
import { SECOND } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { RecordingContent } from '../hub/recordings.ts';
import type { Contents } from './contents.ts';
import type { Header } from './manifest.ts';
import { FORMATS, PART } from './places.ts';
import type { Opened } from './shelf.ts';
import { rebase } from './wire/rebase.ts';

/** How much of a file is read at once, in bytes. */
const CHUNK = 256 * 1024;

/** From where up to where something stands in a file, in bytes. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

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
export function cutContent({ file, header, contents }: Opened, from: number, to: number): RecordingContent {
  if (header.format !== 'fmp4') throw new RefusedError('unsupported', 'only recordings in fMP4 can be cut');
  const chosen = between(contents, from, to);
  if (!chosen) throw new RefusedError('not-found', 'this recording has nothing between these moments');
  const size = header.opening.size + chosen.to - chosen.from;
  return { size, type: FORMATS.fmp4.type, read: () => readCut(file, header, chosen) };
}

/** The bytes of a stretch of a recording, finished or not. */
export async function readStretch(file: string, { from, to }: Stretch): Promise<Uint8Array> {
  const handle = await openEither(file);
  try {
    return await readAll(handle, from, to - from);
  } finally {
    await handle.close();
  }
}

/** From the key frame before one moment to that after another; seconds from the first frame of all. */
function between({ points, first, last, size }: Contents, from: number, to: number) {
  if (from > (last - first) / SECOND || from >= to) return undefined;
  const keys = points.filter(({ isKey }) => isKey);
  const seconds = ({ first: time }: { readonly first: number }) => (time - first) / SECOND;
  const start = keys.findLast((key) => seconds(key) <= from) ?? keys[0];
  if (!start) return undefined;
  const end = keys.find((key) => key.at > start.at && seconds(key) >= to);
  return { from: start.at, to: end?.at ?? size, earlier: start.first };
}

async function* readCut(
  file: string,
  { opening }: Header,
  { from, to, earlier }: Stretch & { readonly earlier: number },
): AsyncGenerator<Uint8Array> {
  const handle = await openEither(file);
  try {
    yield await readAll(handle, 0, opening.size);
    for (let at = from; at < to; ) {
      const fragment = await readFragment(handle, { from: at, to });
      at += fragment.length;
      rebase(fragment, earlier);
      yield fragment;
    }
  } finally {
    await handle.close();
  }
}

/** The fragment that a stretch begins with: two boxes, which begin with their lengths. */
async function readFragment(handle: FileHandle, { from, to }: Stretch): Promise<Uint8Array> {
  const head = await lengthAt(handle, from);
  const length = head + (await lengthAt(handle, from + head));
  if (length === 0 || from + length > to) throw new ProtocolError('a recording is not as its manifest says');
  return readAll(handle, from, length);
}

async function lengthAt(handle: FileHandle, at: number): Promise<number> {
  return Buffer.from(await readAll(handle, at, 4)).readUInt32BE();
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
    if (bytesRead === 0) throw new ProtocolError('a recording is shorter than its manifest says');
    done += bytesRead;
  }
  return bytes;
}
