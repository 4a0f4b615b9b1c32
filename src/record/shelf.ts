import { hash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { open, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Recording } from '../hub/recordings.ts';
import type { Disk } from './disk.ts';
import { type End, type Header, readEnds, readManifest } from './manifest.ts';
import { MANIFEST, PART } from './places.ts';
import type { RecordingFile } from './recording-file.ts';
import { recover } from './recover.ts';

/** A recording as the shelf knows it. */
interface Shelved {
  /** Relative to the folder, with `/` between the parts. */
  readonly file: string;
  readonly header: Header;
  /** Where it is finished. */
  readonly end?: End;
  /** Where this process writes it. */
  readonly live?: RecordingFile;
}

const ID_LENGTH = 16;
/** How much of a manifest is read at either end, in bytes: more than a line has. */
const END = 8 * 1024;
/** A file that another living process has written to in this time, in milliseconds, is that one's own. */
const OURS_AFTER = 600_000;

/** The recordings in a folder: known from their manifests, and from those who write them. */
export class Shelf {
  readonly folder: string;
  readonly #disk: Disk;
  /** By id. */
  readonly #all = new Map<string, Shelved>();
  /** Files that nobody writes any more and that are to be finished, and whether that has failed. */
  readonly #unfinished = new Map<string, { hasFailed: boolean }>();
  /** Files that another process writes: it may end. */
  readonly #foreign = new Set<string>();

  constructor(folder: string, disk: Disk) {
    this.folder = folder;
    this.#disk = disk;
  }

  /** Learns what is in the folder. Files that are not finished are left to {@link recoverOne}. */
  async scan(): Promise<void> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true }).catch(absent);
    for (const entry of entries) {
      const name = join(entry.parentPath, entry.name);
      if (entry.isFile() && name.endsWith(MANIFEST)) await this.#look(name.slice(0, -MANIFEST.length));
    }
  }

  /** All of them, the oldest first. */
  list(): Recording[] {
    return [...this.#all].map(([id, shelved]) => describe(id, shelved)).sort((a, b) => a.began - b.began);
  }

  find(id: string): Recording | undefined {
    const shelved = this.#all.get(id);
    return shelved && describe(id, shelved);
  }

  /** Where a recording is, or will be when it is finished. */
  pathOf({ file }: Pick<Recording, 'file'>): string {
    return join(this.folder, file);
  }

  /** A file that this process writes. */
  add(live: RecordingFile): void {
    this.#put(live.file, { header: live.header, live });
  }

  finish({ file, header }: RecordingFile, end: End): void {
    this.#put(file, { header, end });
  }

  /** It could not be finished: that is tried again. */
  leave({ file }: RecordingFile): void {
    this.#all.delete(idOf(this.#relative(file)));
    this.#unfinished.set(file, { hasFailed: false });
  }

  /** Finishes what can be. `report` is told of each, with the reason where that could not be done (once, as it is tried again). */
  async recoverAll(report: (file: string, error?: Error) => void): Promise<void> {
    for (const file of [...this.#foreign]) await this.#look(file);
    for (const [file, state] of [...this.#unfinished]) {
      try {
        const recovered = await recover(this.#disk, file);
        this.#unfinished.delete(file);
        if (!recovered) continue;
        this.#put(file, recovered);
        report(file);
      } catch (error) {
        if (!state.hasFailed) report(file, error as Error);
        state.hasFailed = true;
      }
    }
  }

  /** Removes a finished recording, and the folders that are empty then. */
  async remove(recording: Recording): Promise<void> {
    const file = this.pathOf(recording);
    await this.#disk.remove(file);
    await this.#disk.remove(file + MANIFEST);
    this.#all.delete(recording.id);
    for (let at = dirname(file); at.length > this.folder.length; at = dirname(at)) {
      const isEmpty = await rmdir(at).then(
        () => true,
        () => false,
      );
      if (!isEmpty) return;
    }
  }

  #put(file: string, shelved: Omit<Shelved, 'file'>): void {
    const name = this.#relative(file);
    this.#all.set(idOf(name), { ...shelved, file: name });
  }

  async #look(file: string): Promise<void> {
    this.#foreign.delete(file);
    if (await this.#disk.exists(file + PART)) {
      if (await isInUse(file)) this.#foreign.add(file);
      else this.#unfinished.set(file, { hasFailed: false });
      return;
    }
    const ends = await readEndsOf(file + MANIFEST);
    if (ends && (await this.#disk.exists(file))) this.#put(file, ends);
  }

  #relative(file: string): string {
    return relative(this.folder, file).replaceAll(sep, '/');
  }
}

/** URLs have no file names in them: what ends in `.flv` there is a stream. */
function idOf(name: string): string {
  return hash('sha256', name, 'base64url').slice(0, ID_LENGTH);
}

function describe(id: string, { file, header, end, live }: Shelved): Recording {
  const { stream: path, format, began } = header;
  const common = { id, file, path, format, began };
  if (end) {
    const { ended, size, video, audio, missing } = end;
    return { ...common, isFinished: true, ended, size, video, audio, missing };
  }
  const { ended, video, audio } = live!.totals;
  return { ...common, isFinished: false, ended, size: live!.size, video, audio, missing: live!.missing };
}

/** Whether another process writes it at present: the one before us that is still ending. */
async function isInUse(file: string): Promise<boolean> {
  const manifest = readManifest(await readFile(file + MANIFEST, 'utf8').catch(() => ''));
  const pid = manifest?.header.pid ?? 0;
  if (pid === 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const { mtimeMs } = await stat(file + PART).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs < OURS_AFTER;
}

async function readEndsOf(file: string): Promise<{ header: Header; end: End } | undefined> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = await handle.read(Buffer.alloc(END), 0, END, 0);
    const tail = await handle.read(Buffer.alloc(END), 0, END, Math.max(0, size - END));
    return readEnds(text(head), text(tail));
  } finally {
    await handle.close();
  }
}

function text({ buffer, bytesRead }: { buffer: Buffer; bytesRead: number }): string {
  return buffer.toString('utf8', 0, bytesRead);
}

function absent(error: NodeJS.ErrnoException): Dirent[] {
  if (error.code !== 'ENOENT') throw error;
  return [];
}
