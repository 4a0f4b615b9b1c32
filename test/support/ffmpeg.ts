import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Program } from './program.ts';
import type { Owner } from './until.ts';

const run = promisify(execFile);

const QUIET = ['-hide_banner', '-nostdin', '-loglevel', 'error'];
const LONGEST_RUN = 30_000;
const LARGEST_OUTPUT = 64 * 1024 * 1024;
/** Made once for all runs, by name of what they are made from. */
const CACHE = join(tmpdir(), `headwater-clips-${userInfo().uid}`);

/** A file that `ffmpeg` makes with these arguments, kept for the next time. `extension` tells the format. */
export function make(args: readonly string[], extension: string): Promise<string> {
  const name = createHash('sha1').update(JSON.stringify(args)).digest('hex').slice(0, 16);
  const making = made.get(name + extension) ?? makeFile(name, args, extension);
  made.set(name + extension, making);
  return making;
}

/** Tests that run side by side may want the same. */
const made = new Map<string, Promise<string>>();

async function makeFile(name: string, args: readonly string[], extension: string): Promise<string> {
  const file = join(CACHE, `${name}.${extension}`);
  if (existsSync(file)) return file;
  await mkdir(CACHE, { recursive: true, mode: 0o700 });
  const partial = join(CACHE, `${name}.${process.pid}.${extension}`);
  // Without these flags every run writes another date or encoder into the file.
  await run('ffmpeg', [...QUIET, '-y', ...args, '-fflags', '+bitexact', partial], { timeout: LONGEST_RUN });
  await rename(partial, file);
  return file;
}

/** What `ffprobe` says of a file or URL, with these arguments, as JSON. */
export async function probe<T>(input: string, ...args: readonly string[]): Promise<T> {
  const options = { timeout: LONGEST_RUN, maxBuffer: LARGEST_OUTPUT };
  const { stdout } = await run(
    'ffprobe',
    ['-hide_banner', '-loglevel', 'error', '-of', 'json', ...args, input],
    options,
  );
  return JSON.parse(stdout) as T;
}

/** Publishes a file as it is, at the speed of life (`-re`). */
export function publishFile(owner: Owner, file: string, url: string, ...before: readonly string[]): Program {
  return new Program(owner, 'ffmpeg', [
    ...QUIET,
    ...before,
    '-re',
    '-i',
    file,
    '-c',
    'copy',
    '-f',
    'flv',
    '-flvflags',
    'no_duration_filesize',
    url,
  ]);
}

/** Plays a URL into an FLV file, frames untouched and at their own times, until the stream ends. */
export function playToFile(owner: Owner, url: string, file: string, ...before: readonly string[]): Program {
  return new Program(owner, 'ffmpeg', [
    ...QUIET,
    ...before,
    '-i',
    url,
    '-c',
    'copy',
    '-copyts',
    '-f',
    'flv',
    '-y',
    file,
  ]);
}

/** A folder that is there until its owner is done. */
export async function temporaryFolder(owner: Owner): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-test-'));
  // What ends after this may still write there.
  owner.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
