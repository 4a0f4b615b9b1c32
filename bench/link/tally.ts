import { AUDIO, readStamp, VIDEO } from '../clip.ts';
import type { Tag } from '../viewers/flv.ts';
import { now } from './moment.ts';

/** A frame of the clip's AAC lasts so many milliseconds. */
const AUDIO_STEP = 8000 / 375;
/** H.264, key frame (Adobe FLV 10.1, E.4.3.1). */
const KEY_FRAME = 0x17;
/** A viewer who gets no picture for so long, in milliseconds, sees that it stands still. */
const STALL = 500;

/** What one viewer, or all together, found between `begin` and `end`. Times are milliseconds. */
export interface Found {
  readonly frames: number;
  /** Frames of video and audio that are not there. */
  readonly missing: number;
  /** Times that frames are not there. */
  readonly holes: number;
  /** Frames that cannot be decoded or are not as they were sent, and times that go back. */
  readonly faulty: number;
  readonly stalls: number;
  /** The longest time without a picture, and when it ended, as moment.ts has it. */
  readonly gap: number;
  readonly gapEnded: number;
  /** From the publisher's write to the viewer's read, of every picture. */
  readonly delays: number[];
  /** When its publisher wrote each of these. */
  readonly written: number[];
  /** When the newest picture was written by its publisher, and when it was read. */
  readonly newest: { readonly written: number; readonly read: number };
}

/** Checks everything that one viewer is given, from its own making on. */
export class Tally {
  #frames = 0;
  #missing = 0;
  #holes = 0;
  #faulty = 0;
  #stalls = 0;
  #gap = 0;
  #gapEnded = 0;
  readonly #delays: number[] = [];
  readonly #written: number[] = [];
  readonly #since = now();
  #pictureAt = this.#since;
  #number: number | undefined;
  #soundTime: number | undefined;
  #isBack = false;
  #newest = { written: 0, read: 0 };

  /** `at` is when its last byte was read. */
  take({ type, time, body }: Tag, at = now()): void {
    if ((type !== AUDIO && type !== VIDEO) || body[1] !== 1) return;
    this.#frames++;
    if (type === AUDIO) this.#sound(time);
    else this.#picture(body, at);
  }

  /** A new connection begins with frames that were there before. */
  comeBack(): void {
    this.#isBack = true;
  }

  get found(): Found {
    this.#wait(now());
    return {
      frames: this.#frames,
      missing: this.#missing,
      holes: this.#holes,
      faulty: this.#faulty,
      stalls: this.#stalls,
      gap: this.#gap,
      gapEnded: this.#gapEnded,
      delays: this.#delays,
      written: this.#written,
      newest: this.#newest,
    };
  }

  #sound(time: number): void {
    if (this.#isBack) return;
    const steps = Math.round(((time - (this.#soundTime ?? time)) | 0) / AUDIO_STEP);
    if (steps < 0) this.#faulty++;
    if (steps > 1) this.#miss(steps - 1);
    this.#soundTime = time;
  }

  #picture(body: Uint8Array, at: number): void {
    this.#wait(at);
    this.#pictureAt = at;
    const stamp = readStamp(body);
    const expected = this.#number;
    if (!stamp?.intact) this.#faulty++;
    if (!stamp) return;
    const written = Number(stamp.written) / 1e6;
    // By the moment and not by the number: another publisher's begin anew.
    if (this.#isBack && written <= this.#newest.written) return;
    this.#isBack = false;
    this.#number = stamp.number + 1;
    if (expected !== undefined && stamp.number !== expected) {
      if (stamp.number > expected) this.#miss(stamp.number - expected);
      if (body[0] !== KEY_FRAME || stamp.number < expected) this.#faulty++;
    }
    this.#newest = { written, read: at };
    if (written <= this.#since) return;
    this.#delays.push(at - written);
    this.#written.push(written);
  }

  #miss(frames: number): void {
    this.#missing += frames;
    this.#holes++;
  }

  /** Nothing has come until `at`. */
  #wait(at: number): void {
    const gap = at - this.#pictureAt;
    if (gap > STALL) this.#stalls++;
    if (gap <= this.#gap) return;
    this.#gap = gap;
    this.#gapEnded = at;
  }
}
