import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Clock, MILLISECOND } from '../base/clock.ts';
import type { Lease, Leases } from '../hub/lease.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Logger } from '../ops/log.ts';

/** What {@link FileLeases} works with. */
export interface FileLeasesOptions {
  /** Without one they outlast those who claim them, and not the process. */
  readonly file: string | undefined;
  /** For how long the lease of a stream is kept that was not seen any more, in microseconds. */
  readonly keep: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const entry = z.object({
  token: z.number().int().positive(),
  anchor: z.number().optional(),
  next: z.object({ segment: z.number().int(), discontinuity: z.number().int() }).optional(),
  /** Wall clock of when the stream was last known to be there, in microseconds since 1970. */
  seen: z.number(),
});
const content = z.object({ version: z.literal(1), leases: z.record(z.string(), entry) });

type Entry = z.infer<typeof entry>;

/** At most so often the file is written, and so often at least while there are streams; in microseconds. */
const WRITE_AFTER = 300 * MILLISECOND;
const WRITE_EVERY = 60_000 * MILLISECOND;

/**
 * Leases that outlast the process: a stream whose node was killed goes on with its timeline when the node is back. What was
 * decided in the last fraction of a second before the end may be forgotten; tokens grow nevertheless, as they are times.
 */
export class FileLeases implements Leases {
  readonly #options: FileLeasesOptions;
  readonly #entries: Map<StreamPath, Entry>;
  /** Those of this process. */
  readonly #held = new Set<StreamPath>();
  #last: number;
  #cancel: () => void;
  #writing: Promise<void> = Promise.resolve();
  #isDue = false;

  private constructor(options: FileLeasesOptions, entries: Map<StreamPath, Entry>) {
    this.#options = options;
    this.#entries = entries;
    this.#last = Math.max(0, ...Array.from(entries.values(), ({ token }) => token));
    this.#cancel = this.#later(WRITE_EVERY);
  }

  /** Reads the file, if there is one. One that is damaged is said so and begun anew: streams then begin anew as well. */
  static open(options: FileLeasesOptions): FileLeases {
    const leases = new FileLeases(options, read(options));
    leases.#forget();
    return leases;
  }

  claim(path: StreamPath, held?: Lease, seen = 0): Lease {
    if (held && held.token >= seen) return held;
    this.#last = Math.max(this.#last + 1, this.#options.clock.wall(), seen + 1);
    const present = this.#entries.get(path);
    const lease = { token: this.#last, anchor: present?.anchor, next: present?.next };
    this.keep(path, lease);
    return lease;
  }

  keep(path: StreamPath, { token, anchor, next }: Lease): void {
    this.#held.add(path);
    this.#entries.set(path, { token, anchor, next, seen: this.#options.clock.wall() });
    this.#change();
  }

  release(path: StreamPath): void {
    this.#held.delete(path);
    if (this.#entries.delete(path)) this.#change();
  }

  /** Whoever had the lease is gone: it is kept for whoever goes on with the stream in time. */
  leave(path: StreamPath): void {
    if (this.#held.delete(path)) this.#entries.get(path)!.seen = this.#options.clock.wall();
  }

  onRival(): void {}

  /** Writes what is not written yet, and no more after that. */
  async close(): Promise<void> {
    this.#cancel();
    if (this.#isDue || this.#held.size > 0) this.#write();
    await this.#writing;
  }

  #change(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#cancel();
    this.#cancel = this.#later(WRITE_AFTER);
  }

  #later(delay: number): () => void {
    return this.#options.clock.after(delay, () => {
      if (this.#isDue || this.#held.size > 0) this.#write();
      this.#cancel = this.#later(WRITE_EVERY);
    });
  }

  /** One write after another, none of which blocks. */
  #write(): void {
    this.#isDue = false;
    this.#forget();
    const { file, log } = this.#options;
    if (file === undefined) return;
    const text = JSON.stringify({ version: 1, leases: Object.fromEntries(this.#entries) });
    this.#writing = this.#writing
      .then(() => replaceFile(file, text))
      .catch((error: Error) => log.warn({ reason: error.message }, 'the leases of streams could not be written'));
  }

  /** What is here is seen now; what was not seen for too long goes. */
  #forget(): void {
    const now = this.#options.clock.wall();
    for (const path of this.#held) this.#entries.get(path)!.seen = now;
    for (const [path, { seen }] of this.#entries) if (now - seen > this.#options.keep) this.#entries.delete(path);
  }
}

function read({ file, log }: FileLeasesOptions): Map<StreamPath, Entry> {
  if (file === undefined) return new Map();
  try {
    return new Map(Object.entries(content.parse(JSON.parse(readFileSync(file, 'utf8'))).leases));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') log.warn({ file }, 'the leases of streams cannot be read; streams begin anew');
    return new Map();
  }
}

/** All of the text or nothing is in the file, whenever the process ends. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.partial`, text, { mode: 0o600 });
  await rename(`${file}.partial`, file);
}
