import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { turnstile } from '../ops/turnstile.ts';

/** A file that is being written, one call after another. */
export interface DiskFile {
  /** Writes all of it at the end. */
  append(bytes: Uint8Array): Promise<void>;
  /** Writes all of it at a position. */
  replace(bytes: Uint8Array, at: number): Promise<void>;
  /** Reads so many bytes, fewer at the end of the file. */
  read(at: number, length: number): Promise<Uint8Array>;
  truncate(size: number): Promise<void>;
  /** Resolves when what was written is safe from a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What recordings need of a file system. */
export interface Disk {
  /** Makes a new file, and the folders above it; rejects with `EEXIST` where there is one. */
  create(file: string): Promise<DiskFile>;
  /** Opens a file that is there, to read and write. */
  open(file: string): Promise<DiskFile>;
  exists(file: string): Promise<boolean>;
  /** Gives a finished file its name, for good. */
  rename(from: string, to: string): Promise<void>;
  remove(file: string): Promise<void>;
  /** How many bytes are free where this folder is, or will be. */
  free(folder: string): Promise<number>;
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  append(bytes: Uint8Array): Promise<void> {
    return turnstile.pass(() => this.#handle.appendFile(bytes));
  }

  replace(bytes: Uint8Array, at: number): Promise<void> {
    return turnstile.pass(async () => {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at + done);
        done += bytesWritten;
      }
    });
  }

  read(at: number, length: number): Promise<Uint8Array> {
    return turnstile.pass(async () => {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await this.#handle.read(bytes, done, length - done, at + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    });
  }

  truncate(size: number): Promise<void> {
    return turnstile.pass(() => this.#handle.truncate(size));
  }

  sync(): Promise<void> {
    return turnstile.pass(() => this.#handle.datasync());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The machine's own file system. */
export const systemDisk: Disk = {
  async create(file) {
    await mkdir(dirname(file), { recursive: true });
    return new NodeFile(await turnstile.pass(() => open(file, 'wx+')));
  },
  open: async (file) => new NodeFile(await turnstile.pass(() => open(file, 'r+'))),
  exists: (file) =>
    stat(file).then(
      () => true,
      () => false,
    ),
  async rename(from, to) {
    await turnstile.pass(() => rename(from, to));
    const folder = await open(dirname(to), 'r');
    // Some file systems cannot do this for folders; the name is then safe a little later.
    await folder.sync().catch(() => {});
    await folder.close();
  },
  remove: (file) => turnstile.pass(() => rm(file, { force: true })),
  async free(folder) {
    for (let at = folder; ; at = dirname(at)) {
      const found = await statfs(at).catch(() => undefined);
      if (found) return found.bavail * found.bsize;
      if (dirname(at) === at) return Number.POSITIVE_INFINITY;
    }
  },
};
