import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { RefusedError } from '../../base/errors.ts';
import { describePath, type StreamPath } from '../../hub/path.ts';
import { turnstile } from '../../ops/turnstile.ts';

/** What keeping segments as files needs of a file system; names are relative, with `/` between their parts. */
export interface Folder {
  /** Writes a file, and the folders above it: whoever reads it meanwhile gets all of what was there before, or all of this. */
  write(file: string, pieces: readonly Uint8Array[]): Promise<void>;
  /** Rejects with {@link RefusedError}, `not-found` where there is none or nothing in it, `too-large` where it has more than `most` bytes. */
  read(file: string, most: number): Promise<Uint8Array>;
  /** The names of the files in a folder; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** The folders that have a file of that name. */
  find(name: string): Promise<string[]>;
  /** Removes a file, if it is there. */
  remove(file: string): Promise<void>;
  /** Removes a folder, if nothing is in it. */
  removeFolder(folder: string): Promise<void>;
}

/** What a file's name ends in until it is whole. */
export const UNFINISHED = '.unfinished';

/** A folder on the machine's own file system. */
export function systemFolder(root: string): Folder {
  const at = (name: string) => join(root, name);
  return {
    write: (file, pieces) => turnstile.pass(() => write(at(file), pieces)),
    read: (file, most) => turnstile.pass(() => read(at(file), most)),
    list: (folder) => turnstile.pass(() => readdir(at(folder)).catch(() => [])),
    find: (name) => turnstile.pass(() => find(root, name)),
    remove: (file) => turnstile.pass(() => rm(at(file), { force: true })),
    removeFolder: (folder) => turnstile.pass(() => rmdir(at(folder)).catch(() => {})),
  };
}

/** Where the files of a stream are: as people write its path. */
export function placeOf(path: StreamPath): string {
  return describePath(path);
}

async function write(file: string, pieces: readonly Uint8Array[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file + UNFINISHED, 'w');
  try {
    for (const piece of pieces) await handle.writeFile(piece);
  } finally {
    await handle.close();
  }
  await rename(file + UNFINISHED, file);
}

async function read(file: string, most: number): Promise<Uint8Array> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) throw new RefusedError('not-found', 'there is no such file');
  if (size > most) throw new RefusedError('too-large', `a file of ${size} bytes`);
  return readFile(file);
}

async function find(root: string, name: string): Promise<string[]> {
  const all = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const found = all.filter((entry) => entry.isFile() && entry.name === name);
  return found.map(({ parentPath }) => relative(root, parentPath));
}
