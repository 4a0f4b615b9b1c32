import { type Clock, SECOND } from '../base/clock.ts';
import type { Disk } from './disk.ts';
import type { End, Gap, Header } from './manifest.ts';
import { RecordingFile } from './recording-file.ts';
import { framesIn, lastIn, type Piece } from './wire/piece.ts';

/** What a {@link Writer} is given to do, in this order: a file is opened, pieces and gaps come, it is finished. */
type Job =
  | { readonly type: 'open'; readonly name: NewName; readonly header: Header; readonly opening: Uint8Array }
  | { readonly type: 'piece'; readonly piece: Piece }
  | { readonly type: 'gap'; readonly gap: Gap }
  | { readonly type: 'finish' }
  | { readonly type: 'sync' };

/** Where a file is to be made: another name where this one is in use. */
export interface NewName {
  readonly base: string;
  readonly extension: string;
}

/** What was given to the writer and is in no file. */
export interface Lost {
  readonly frames: number;
  /** Of the last frame that was written, in microseconds; undefined where the file has none. */
  readonly from: number | undefined;
  readonly error: Error;
  /** The file that it was to be in, if that has any frame. */
  readonly file: RecordingFile | undefined;
}

/** What a {@link Writer} tells. */
export interface WriterEvents {
  opened(file: RecordingFile): void;
  wrote(bytes: number): void;
  finished(file: RecordingFile, end: End): void;
  /** The disk refused something: all that waited is lost. What comes next is to open a file. */
  failed(lost: Lost): void;
  /** The disk does not answer, or does so again. */
  stalled(isStalled: boolean): void;
}

/** What a {@link Writer} works with. */
export interface WriterGround {
  readonly disk: Disk;
  readonly clock: Clock;
  /** How long what was written may wait to be made safe, in microseconds. */
  readonly fsync: number;
}

/** A disk that takes longer than this for anything does not answer, in microseconds. */
const STALL = 3 * SECOND;

/** Writes one recording after another without ever holding up who gives it something to do. */
export class Writer {
  readonly #ground: WriterGround;
  readonly #events: WriterEvents;
  #queue: Job[] = [];
  #backlog = 0;
  #running: Promise<void> | undefined;
  #file: RecordingFile | undefined;
  #last: number | undefined;
  /** Frames lost so far by a failure that nobody has been told of yet. */
  #lost: number | undefined;
  #cancelSync: (() => void) | undefined;

  constructor(ground: WriterGround, events: WriterEvents) {
    this.#ground = ground;
    this.#events = events;
  }

  /** How many bytes wait to be written. */
  get backlog(): number {
    return this.#backlog;
  }

  open(name: NewName, header: Header, opening: Uint8Array): void {
    this.#push({ type: 'open', name, header, opening });
  }

  write(piece: Piece): void {
    this.#push({ type: 'piece', piece });
  }

  note(gap: Gap): void {
    this.#push({ type: 'gap', gap });
  }

  finish(): void {
    this.#push({ type: 'finish' });
  }

  /** Resolves when there is nothing left to do. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #push(job: Job): void {
    if (this.#lost !== undefined) {
      this.#lost += framesOf(job);
      return;
    }
    this.#queue.push(job);
    if (job.type === 'piece') this.#backlog += job.piece.bytes.length;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const jobs = this.#next();
      const watch = this.#watch();
      try {
        await this.#do(jobs);
      } catch (error) {
        await this.#fail(jobs, error as Error);
      } finally {
        watch();
      }
      for (const job of jobs) if (job.type === 'piece') this.#backlog -= job.piece.bytes.length;
    }
  }

  /** What is done at once: one job, or all pieces that wait one after another. */
  #next(): Job[] {
    let count = 0;
    while (this.#queue[count]?.type === 'piece') count++;
    return this.#queue.splice(0, Math.max(1, count));
  }

  async #do(jobs: readonly Job[]): Promise<void> {
    const [job] = jobs as [Job];
    if (job.type === 'open') {
      this.#last = undefined;
      this.#file = await RecordingFile.create(this.#ground.disk, job.name, job.header, job.opening);
      this.#events.opened(this.#file);
    } else if (job.type === 'piece')
      await this.#append(jobs.flatMap((each) => (each.type === 'piece' ? each.piece : [])));
    else if (job.type === 'gap') await this.#file?.note(job.gap);
    else if (job.type === 'finish') await this.#finish();
    else await this.#file?.sync();
  }

  async #append(pieces: readonly Piece[]): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const before = file.size;
    await file.append(pieces);
    this.#last = Math.max(this.#last ?? 0, ...pieces.map(lastIn));
    this.#events.wrote(file.size - before);
    if (this.#ground.fsync === 0) return file.sync();
    this.#cancelSync ??= this.#ground.clock.after(this.#ground.fsync, () => {
      this.#cancelSync = undefined;
      this.#push({ type: 'sync' });
    });
  }

  async #finish(): Promise<void> {
    const file = this.#file;
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    if (!file) return;
    const end = await file.finish();
    this.#file = undefined;
    this.#events.finished(file, end);
  }

  async #fail(jobs: readonly Job[], error: Error): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    const waiting = this.#queue;
    this.#queue = [];
    for (const job of waiting) if (job.type === 'piece') this.#backlog -= job.piece.bytes.length;
    this.#lost = [...jobs, ...waiting].reduce((sum, job) => sum + framesOf(job), 0);
    const kept = file && file.contents.points.length > 0 ? file : undefined;
    await (kept ? kept.abandon() : file?.discard());
    const frames = this.#lost;
    this.#lost = undefined;
    this.#events.failed({ frames, from: this.#last, error, file: kept });
  }

  /** Looks whether what is done now takes too long, until the function returned is called. */
  #watch(): () => void {
    let isStalled = false;
    const cancel = this.#ground.clock.after(STALL, () => {
      isStalled = true;
      this.#events.stalled(true);
    });
    return () => {
      cancel();
      if (isStalled) this.#events.stalled(false);
    };
  }
}

/** How many frames are missing when this is not done. */
function framesOf(job: Job): number {
  if (job.type === 'piece') return framesIn(job.piece);
  return job.type === 'gap' ? job.gap.frames : 0;
}
