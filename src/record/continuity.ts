import type { Frame } from '../media/frame.ts';
import type { Gap } from './manifest.ts';

/** Knows what is missing between the frames that are recorded. */
export class Continuity {
  #previous: Pick<Frame, 'seq' | 'tenure'> | undefined;
  /** The decoding time of the last frame that was taken and not lost. */
  #last: number | undefined;
  #missed = 0;
  #dropped = 0;
  #isInterrupted = false;

  /** To be told of every frame that is read. Positions that nobody handed out were lost on the way here. */
  see({ seq, tenure }: Frame): void {
    const previous = this.#previous;
    if (previous && previous.tenure.token === tenure.token) this.#missed += Math.max(0, seq - previous.seq - 1);
    if (previous && previous.tenure !== tenure) this.#isInterrupted = true;
    this.#previous = { seq, tenure };
  }

  /** The frame seen last is left out. */
  drop(): void {
    this.#dropped++;
  }

  /** So many frames were taken and could not be written; `last` is the time of the last one that was, in microseconds. */
  lose(frames: number, last: number | undefined): void {
    this.#dropped += frames;
    this.#last = last ?? this.#last;
  }

  /** The frame seen last is taken; what is missing before it, if anything. `why` is the reason for leaving frames out. */
  take({ dts }: Frame, why: 'slow' | 'disk' | 'space' | undefined): Gap | undefined {
    const [from, frames] = [this.#last ?? dts, this.#missed + this.#dropped];
    const isGap = frames > 0 || (this.#isInterrupted && this.#last !== undefined);
    const gap = this.#dropped > 0 ? (why ?? 'disk') : this.#missed > 0 ? 'missed' : 'publisher';
    this.#missed = 0;
    this.#dropped = 0;
    this.#isInterrupted = false;
    this.#last = dts;
    return isGap ? { gap, from, to: dts, frames } : undefined;
  }
}
