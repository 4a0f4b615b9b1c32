import type { Disk, DiskFile } from '../../src/record/disk.ts';

/** What a {@link MemoryDisk} is asked to do. */
export type DiskCall = 'create' | 'open' | 'append' | 'replace' | 'truncate' | 'sync' | 'rename' | 'remove';

/** A disk that can be told to refuse, to hang and to be full. */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, Uint8Array>();
  /** The code of the error with which a call is refused, if it is. */
  refuse: (call: DiskCall, file: string) => string | undefined = () => undefined;
  /** How many more bytes it takes. */
  room = Number.POSITIVE_INFINITY;
  #hanging: PromiseWithResolvers<void> | undefined;

  /** From now on nothing is answered. */
  hang(): void {
    this.#hanging = Promise.withResolvers();
  }

  /** All that was asked is answered, and what comes. */
  release(): void {
    this.#hanging?.resolve();
    this.#hanging = undefined;
  }

  text(file: string): string {
    return Buffer.from(this.files.get(file) ?? []).toString();
  }

  /** The names of all files, sorted. */
  get names(): string[] {
    return [...this.files.keys()].sort();
  }

  async create(file: string): Promise<DiskFile> {
    await this.#call('create', file);
    if (this.files.has(file)) throw failure('EEXIST');
    this.files.set(file, new Uint8Array(0));
    return this.#handle(file);
  }

  async open(file: string): Promise<DiskFile> {
    await this.#call('open', file);
    if (!this.files.has(file)) throw failure('ENOENT');
    return this.#handle(file);
  }

  async exists(file: string): Promise<boolean> {
    return this.files.has(file);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename', from);
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
  }

  async remove(file: string): Promise<void> {
    await this.#call('remove', file);
    this.room += this.files.get(file)?.length ?? 0;
    this.files.delete(file);
  }

  async free(): Promise<number> {
    return this.room;
  }

  async #call(call: DiskCall, file: string): Promise<void> {
    await this.#hanging?.promise;
    const code = this.refuse(call, file);
    if (code !== undefined) throw failure(code);
  }

  #handle(file: string): DiskFile {
    const write = (bytes: Uint8Array, at: number) => {
      const present = this.files.get(file)!;
      const taken = bytes.subarray(0, Math.max(0, this.room));
      const whole = new Uint8Array(Math.max(present.length, at + taken.length));
      whole.set(present);
      whole.set(taken, at);
      this.room -= whole.length - present.length;
      this.files.set(file, whole);
      // As a disk does: what has room is written, and then the call fails.
      if (taken.length < bytes.length) throw failure('ENOSPC');
    };
    return {
      append: async (bytes) => {
        await this.#call('append', file);
        write(bytes, this.files.get(file)!.length);
      },
      replace: async (bytes, at) => {
        await this.#call('replace', file);
        write(bytes, at);
      },
      read: async (at, length) => this.files.get(file)!.slice(at, at + length),
      truncate: async (size) => {
        await this.#call('truncate', file);
        this.files.set(file, this.files.get(file)!.slice(0, size));
      },
      sync: () => this.#call('sync', file),
      close: async () => {},
    };
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: the disk says no`), { code });
}
