import { hash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { SECOND } from '../base/clock.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Recording } from '../hub/recordings.ts';
import type { Contents } from './contents.ts';
import type { Disk } from './disk.ts';
import type { End, Header } from './manifest.ts';
import { readContents, readEndsOf, readHeaderOf } from './manifest-file.ts';
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

/** A recording, and all that its manifest tells. */
export interface Opened {
  /** The name that it has, or will have. */
  readonly file: string;
  readonly header: Header;
  /** As long as it is being written there is ever more. */
  readonly contents: Contents;
  /** False while this process writes it. */
  readonly isFinished: boolean;
  /** Whether it was left unfinished by a writer that was killed. */
  readonly isRecovered: boolean;
}

const ID_LENGTH = 16;
/** Anchors of one stream differ by less, in microseconds: see the relay. */
const SAME_ANCHOR = 1 * SECOND;
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

  /** All that is known of a recording; `undefined` where there is none, or its manifest cannot be read. */
  async open(id: string): Promise<Opened | undefined> {
    const shelved = this.#all.get(id);
    if (!shelved) return undefined;
    const { header, live, end } = shelved;
    const file = this.pathOf(shelved);
    const contents = live?.contents ?? (await readContents(file + MANIFEST));
    const [isFinished, isRecovered] = [live === undefined, end?.end === 'recovered'];
    return contents && { file, header, contents, isFinished, isRecovered };
  }

  /** The ids of what is recorded in fMP4 of one stream, whose time 0 was at `anchor`; the oldest first. */
  ofStream(path: StreamPath, anchor: number): string[] {
    const fits = ({ header }: Shelved) =>
      header.stream === path && header.format === 'fmp4' && Math.abs(header.anchor - anchor) < SAME_ANCHOR;
    const all = [...this.#all].filter(([, shelved]) => fits(shelved));
    return all.sort(([, a], [, b]) => a.header.began - b.header.began).map(([id]) => id);
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
  const { totals, missing } = live!.contents;
  return { ...common, isFinished: false, ...totals, size: live!.size, missing };
}

/** Whether another process writes it at present: the one before us that is still ending. */
async function isInUse(file: string): Promise<boolean> {
  const pid = (await readHeaderOf(file + MANIFEST))?.pid ?? 0;
  if (pid === 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const { mtimeMs } = await stat(file + PART).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs < OURS_AFTER;
}

function absent(error: NodeJS.ErrnoException): Dirent[] {
  if (error.code !== 'ENOENT') throw error;
  return [];
}
