import { AUDIO, readStamp, VIDEO } from '../clip.ts';
import type { Tag } from './flv.ts';

/** A frame of the clip's AAC lasts 21.3 ms: a longer step than this, in milliseconds, means that one is missing. */
const LONGEST_AUDIO_STEP = 35;
/** H.264, key frame (Adobe FLV 10.1, E.4.3.1). */
const KEY_FRAME = 0x17;

/** What was found in all checked viewers together. */
export class Findings {
  frames = 0;
  holes = 0;
  /** Video frames that came first, or behind a hole, and are no key frames: nobody can decode them. */
  undecodable = 0;
  damaged = 0;
  backwards = 0;
  /** From the publisher's write to the viewer's read, in milliseconds. */
  readonly delays: number[] = [];
  /** By the machine's monotonic clock, in nanoseconds: frames written before do not tell of delay, since joiners are given old ones. */
  readonly since = process.hrtime.bigint();
}

/** Whether a tag holds a key frame of H.264. */
export function isKeyFrame({ type, body }: Tag): boolean {
  return type === VIDEO && body[0] === KEY_FRAME && body[1] === 1;
}

/** Checks everything that one viewer is given. */
export class Checker {
  readonly #lastTime = new Map<number, number>();
  #nextFrame: number | undefined;

  check(tag: Tag, findings: Findings): void {
    if ((tag.type !== AUDIO && tag.type !== VIDEO) || tag.body[1] !== 1) return;
    this.#checkTime(tag, findings);
    if (tag.type === VIDEO) this.#checkFrame(tag.body, findings);
  }

  #checkTime({ type, time }: Tag, findings: Findings): void {
    const step = (time - (this.#lastTime.get(type) ?? time)) | 0; // FLV's 32 bits wrap
    this.#lastTime.set(type, time);
    if (step < 0) findings.backwards++;
    if (type === AUDIO && step > LONGEST_AUDIO_STEP) findings.holes++;
  }

  #checkFrame(body: Uint8Array, findings: Findings): void {
    findings.frames++;
    const stamp = readStamp(body);
    if (!stamp?.intact) findings.damaged++;
    if (!stamp) return;
    if (stamp.number !== this.#nextFrame) {
      if (this.#nextFrame !== undefined) findings.holes++;
      if (body[0] !== KEY_FRAME) findings.undecodable++;
    }
    this.#nextFrame = stamp.number + 1;
    if (stamp.written > findings.since) findings.delays.push(Number(process.hrtime.bigint() - stamp.written) / 1e6);
  }
}
