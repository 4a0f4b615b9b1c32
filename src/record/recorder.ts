import { join } from 'node:path';
import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { Reader } from '../hub/reader.ts';
import type { Stream } from '../hub/stream.ts';
import type { Frame } from '../media/frame.ts';
import { Continuity } from './continuity.ts';
import type { Disk } from './disk.ts';
import { Making } from './making.ts';
import type { End } from './manifest.ts';
import { recordingName } from './name.ts';
import type { RecordOptions } from './options.ts';
import { FORMATS } from './places.ts';
import type { RecordingFile } from './recording-file.ts';
import type { Piece } from './wire/piece.ts';
import { type Lost, Writer } from './writer.ts';

/** What a {@link Recorder} works with. */
export interface RecorderGround {
  readonly options: RecordOptions;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Whether less is free on the disk than is to stay free. */
  readonly isShort: () => boolean;
}

/** What a {@link Recorder} tells. */
export interface RecorderEvents {
  opened(file: RecordingFile): void;
  wrote(bytes: number): void;
  finished(file: RecordingFile, end: End): void;
  /** A file was left as it was when the disk refused something: it can be finished later. */
  left(file: RecordingFile): void;
  /** Something is not being recorded for this reason; without one, it is again. Called once for each change. */
  trouble(reason: string | undefined): void;
  /** Frames are known to be missing. */
  missed(frames: number): void;
}

/** How long frames wait to be looked at together. */
const LOOK_AFTER = 20 * MILLISECOND;
/** How long after a failure the disk is tried again, and how long it must do well before that is believed. */
const RETRY = 1 * SECOND;
const STEADY = 2 * SECOND;

/** Records one stream, file after file. It reads like any viewer, so that nothing it waits for is felt by anybody else. */
export class Recorder {
  readonly #ground: RecorderGround;
  readonly #events: RecorderEvents;
  readonly #stream: Stream;
  readonly #writer: Writer;
  readonly #continuity = new Continuity();
  #reader: Reader;
  #making: Making | undefined;
  /** Why frames are left out at present. */
  #pause: 'slow' | 'disk' | 'space' | undefined;
  #trouble: { reason: string; at: number } | undefined;

  /** `stream` must have a lineup. */
  constructor(ground: RecorderGround, stream: Stream, events: RecorderEvents) {
    this.#ground = ground;
    this.#events = events;
    this.#stream = stream;
    this.#reader = new Reader(stream);
    this.#writer = new Writer(
      { disk: ground.disk, clock: ground.clock, fsync: ground.options.fsync },
      {
        opened: (file) => events.opened(file),
        wrote: (bytes) => this.#wrote(bytes),
        finished: (file, end) => events.finished(file, end),
        failed: (lost) => this.#failed(lost),
        stalled: () => this.#complain('the disk does not answer'),
      },
    );
  }

  /** Records until the stream ends (resolves to why) or `signal` aborts (rejects with its reason); then the file is finished. */
  async run(signal: AbortSignal): Promise<RefusedError> {
    const { clock } = this.#ground;
    const { log } = this.#stream;
    let cancel: (() => void) | undefined;
    let part = () => {};
    try {
      return await new Promise<RefusedError>((resolve, reject) => {
        const look = () => {
          cancel = undefined;
          try {
            const ending = this.#pull();
            if (ending) resolve(ending);
          } catch (error) {
            reject(error);
          }
        };
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        part = log.onChange(() => (cancel ??= clock.after(LOOK_AFTER, look)));
        if (signal.aborted) reject(signal.reason);
        else look();
      });
    } finally {
      part();
      cancel?.();
      this.#drain();
      this.#finish();
      await this.#writer.idle();
    }
  }

  /** Writes all that is there: nothing more comes for a while. */
  flush(): void {
    this.#drain();
    this.#endPiece();
  }

  /** Takes what is there. A fault is the same again when the recorder looks by itself, and is reported then. */
  #drain(): void {
    try {
      this.#pull();
    } catch {}
  }

  /** Takes all frames that are there; the end of the stream, when it has ended. */
  #pull(): RefusedError | undefined {
    for (;;) {
      const next = this.#next();
      if (next === 'changed') {
        this.#finish();
        this.#reader = new Reader(this.#stream);
      } else if (!next || next instanceof RefusedError) return next;
      else this.#see(next);
    }
  }

  #next(): Frame | RefusedError | 'changed' | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      return error.code === 'changed' ? 'changed' : error;
    }
  }

  #see(frame: Frame): void {
    this.#continuity.see(frame);
    const before = this.#pause;
    if (!this.#mayTake(frame)) return this.#continuity.drop();
    if (this.#needsFile(frame)) this.#open(frame);
    else this.#write(this.#making!.cut(frame));
    const gap = this.#continuity.take(frame, before);
    if (gap) {
      this.#writer.note(gap);
      this.#events.missed(gap.frames);
    }
    this.#making!.write(frame);
  }

  /** Whether frames are taken, or can be again from this one on. */
  #mayTake(frame: Frame): boolean {
    const { options, clock, isShort } = this.#ground;
    if (!this.#pause && this.#writer.backlog > options.queue) this.#stop('slow', 'the disk is too slow');
    if (frame.startable && isShort()) this.#stop('space', 'the disk has less free space than record.keep.free');
    if (!this.#pause) return true;
    if (!frame.startable) return false;
    if (this.#pause === 'slow' && this.#writer.backlog > options.queue / 2) return false;
    if (this.#pause === 'disk' && clock.now() < this.#trouble!.at + RETRY) return false;
    if (this.#pause === 'space' && isShort()) return false;
    this.#pause = undefined;
    return true;
  }

  /** From now on frames are left out. */
  #stop(pause: 'slow' | 'space', reason: string): void {
    if (pause === 'space') this.#finish();
    else this.#endPiece();
    this.#pause = pause;
    this.#complain(reason);
  }

  #needsFile(frame: Frame): boolean {
    const making = this.#making;
    return !making || !making.fits(frame) || making.isFull(this.#ground.options.split, frame);
  }

  #open(frame: Frame): void {
    const { options } = this.#ground;
    const continues = this.#making !== undefined;
    this.#finish(frame);
    const making = new Making(options.format, this.#stream, frame);
    this.#making = making;
    const base = join(options.folder, recordingName(options.name, this.#stream.path, frame.ingest));
    const { extension } = FORMATS[options.format];
    this.#writer.open({ base, extension }, making.header(this.#stream, continues), making.opening);
  }

  #endPiece(): void {
    this.#write(this.#making?.end());
  }

  #write(piece: Piece | undefined): void {
    if (piece) this.#writer.write(piece);
  }

  /** `next` is the frame that the next file begins with, if there is one. */
  #finish(next?: Frame): void {
    const making = this.#making;
    if (!making) return;
    this.#write(making.end(next && making.fits(next) ? next : undefined));
    this.#writer.finish();
    this.#making = undefined;
  }

  #wrote(bytes: number): void {
    this.#events.wrote(bytes);
    if (!this.#trouble || this.#pause || this.#ground.clock.now() < this.#trouble.at + STEADY) return;
    this.#trouble = undefined;
    this.#events.trouble(undefined);
  }

  #failed({ frames, from, error, file }: Lost): void {
    this.#continuity.lose(frames + (this.#making?.waiting ?? 0), from);
    this.#making = undefined;
    this.#pause = 'disk';
    if (file) this.#events.left(file);
    this.#complain(error.message);
  }

  #complain(reason: string): void {
    const isNew = !this.#trouble;
    this.#trouble = { reason, at: this.#ground.clock.now() };
    if (isNew) this.#events.trouble(reason);
  }
}
