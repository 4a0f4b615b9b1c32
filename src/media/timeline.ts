import { MILLISECOND, SECOND } from '../base/clock.ts';
import type { Kind } from './track.ts';

/** A step forward up to this long is taken as it is. */
const LONGEST_STEP = 3 * SECOND;
/** A step back up to this long is jitter: the frame is held at its predecessor's time. */
const LONGEST_STEP_BACK = 40 * MILLISECOND;
/** Tracks of one input whose clocks differ by more than this have nothing to do with each other. */
const WIDEST_SKEW = 10 * SECOND;
/** For so many frames after one track's jump the other tracks may still turn out to have jumped as well. */
const FRAMES_TO_FOLLOW = 50;
/** The step assumed where no two frames of a track have been seen yet. */
const USUAL_STEP = 20 * MILLISECOND;

/** How the frames of one track were placed so far. */
interface Placed {
  /** What was added to the input's time: output = input + shift. */
  shift: number;
  /** Where the last frame was due on the output, where it was put so as not to go back, and when it arrived. */
  due: number;
  output: number;
  arrival: number;
  /** The last step from frame to frame. */
  step: number;
  /** How many more frames may find that they belong to a jump that another track made first. */
  following: number;
}

/** What a {@link Timeline} had to mend. */
export interface TimelineCounters {
  /** Jumps of the input, however many tracks took part, the returns of publishers not counted. */
  jumps: number;
  /** Jumps of one track alone: it was anchored anew to its own course, so its relation to the others is a guess. */
  reanchored: number;
  /** Frames held at their predecessor's time because the input stepped back a little. */
  held: number;
}

/**
 * Places the frames of one publisher after another on the one timeline of their stream. All times are microseconds.
 *
 * Per track the output never decreases. A jump of the input becomes a gap as long as the pause in which it happened, and
 * tracks that jump together keep their relation to each other, because they share one *shift*.
 */
export class Timeline {
  readonly counters: TimelineCounters = { jumps: 0, reanchored: 0, held: 0 };
  /** The tracks of the present run of the input. */
  readonly #placed = new Map<Kind, Placed>();
  /** The newest output time per track, of all runs. */
  readonly #floor = new Map<Kind, number>();
  /** The shift chosen last; undefined until the first frame of a run. */
  #shift: number | undefined;
  /** The newest output time of all tracks and when that frame arrived. */
  #latest: { output: number; arrival: number } | undefined;

  /** The newest output time, or the one at which it goes on; undefined before the first frame. */
  get position(): number | undefined {
    return this.#latest?.output;
  }

  /** The next frame belongs to another input: a publisher that came back, or another one. */
  restart(): void {
    for (const [kind, placed] of this.#placed) this.#floor.set(kind, placed.output);
    this.#placed.clear();
    this.#shift = undefined;
  }

  /** The stream stood at `output` at the moment `now`: what comes goes on from there. For one that another owner began. */
  resume(output: number, now: number): void {
    this.restart();
    this.#latest = { output, arrival: now };
  }

  /** The next frame belongs to an input that carries the same frames: `shift` is what its times are off, whenever they come. */
  align(shift: number): void {
    this.restart();
    this.#shift = shift;
    this.#latest = undefined;
  }

  /** The output time for a frame of `kind` that the input puts at `input` and that arrives at `now` (a monotonic clock). */
  place(kind: Kind, input: number, now: number): number {
    const placed = this.#placed.get(kind);
    const output = placed ? this.#continue(placed, input, now) : this.#begin(kind, input, now);
    if (this.#latest === undefined || output >= this.#latest.output) this.#latest = { output, arrival: now };
    return output;
  }

  /** The first frame of a track in this run. */
  #begin(kind: Kind, input: number, now: number): number {
    const expected = this.#expected(now);
    this.#shift ??= expected === undefined ? 0 : expected - input;
    let shift = this.#shift;
    if (expected !== undefined && Math.abs(input + shift - expected) > WIDEST_SKEW) {
      shift = expected - input;
      this.counters.reanchored++;
    }
    const placed: Placed = { shift, due: 0, output: 0, arrival: now, step: USUAL_STEP, following: 0 };
    this.#placed.set(kind, placed);
    this.#raise(placed, input, this.#floor.get(kind) ?? Number.NEGATIVE_INFINITY);
    placed.due = input + placed.shift;
    placed.output = placed.due;
    return placed.output;
  }

  /** A frame of a track of which this run has seen one before. */
  #continue(placed: Placed, input: number, now: number): number {
    if (placed.following > 0) this.#follow(placed, input, now);
    if (this.#isJump(placed, input, placed.shift, now)) this.#jump(placed, input, now);
    const due = input + placed.shift;
    if (due > placed.due) placed.step = Math.min(due - placed.due, LONGEST_STEP);
    if (due < placed.output) this.counters.held++;
    placed.due = due;
    placed.output = Math.max(placed.output, due);
    placed.arrival = now;
    return placed.output;
  }

  /** Whether the track would leave its course if `input` were placed with `shift`. */
  #isJump(placed: Placed, input: number, shift: number, now: number): boolean {
    const step = input + shift - placed.due;
    if (step < 0) {
      // Judged by the step that was due, so that all tracks call the same jump a jump.
      const missing = Math.min(placed.step, LONGEST_STEP_BACK) - step;
      return missing > LONGEST_STEP_BACK || input + shift < placed.output - 2 * LONGEST_STEP_BACK;
    }
    // A long step that took as long to arrive is a pause of the encoder, not a jump.
    return step > LONGEST_STEP && step > now - placed.arrival + LONGEST_STEP;
  }

  /** This track jumps: back to a relation that another track has, or as the first, which the others may follow. */
  #jump(placed: Placed, input: number, now: number): void {
    placed.following = 0;
    for (const { shift } of this.#placed.values()) {
      if (shift === placed.shift || this.#isJump(placed, input, shift, now)) continue;
      placed.shift = shift;
      this.#raise(placed, input, placed.output);
      return;
    }
    placed.shift = placed.output + Math.max(placed.step, now - placed.arrival) - input;
    this.#shift = placed.shift;
    this.counters.jumps++;
    for (const track of this.#placed.values()) if (track !== placed) track.following = FRAMES_TO_FOLLOW;
  }

  /** Another track jumped a moment ago: takes its shift if that fits this frame better than the present one. */
  #follow(placed: Placed, input: number, now: number): void {
    placed.following--;
    const shift = this.#shift!;
    if (this.#misfit(placed, input, shift, now) < this.#misfit(placed, input, placed.shift, now)) {
      placed.shift = shift;
      placed.following = 0;
      this.#raise(placed, input, placed.output);
    } else if (placed.following === 0) this.counters.reanchored++;
  }

  /** How far `shift` puts the frame from where the track should be now, by its own step or by the clock, whichever is nearer. */
  #misfit(placed: Placed, input: number, shift: number, now: number): number {
    const step = input + shift - placed.due;
    return Math.min(Math.abs(step - placed.step), Math.abs(step - (now - placed.arrival)));
  }

  /** Moves the shift of a track, and of all that share it, up until `input` does not come before `floor`. */
  #raise(placed: Placed, input: number, floor: number): void {
    const { shift } = placed;
    const deficit = floor - (input + shift);
    if (deficit <= 0) return;
    for (const track of this.#placed.values()) if (track.shift === shift) track.shift += deficit;
    if (this.#shift === shift) this.#shift += deficit;
  }

  /** Where a frame that arrives now belongs, judged by the newest frame before it. */
  #expected(now: number): number | undefined {
    if (this.#latest === undefined) return undefined;
    return this.#latest.output + Math.max(USUAL_STEP, now - this.#latest.arrival);
  }
}
