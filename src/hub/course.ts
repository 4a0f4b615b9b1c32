import { SECOND } from '../base/clock.ts';
import type { Sample } from '../media/frame.ts';
import type { TimelineCounters } from '../media/timeline.ts';
import { beginStretch, type PlainStretch, type Stretch, skewOf, withoutLags } from './stretch.ts';

/** How long a stretch is, and how many are remembered: a minute. */
const STRETCH = 2 * SECOND;
const MOST_STRETCHES = 30;
/** The clock of an encoder goes wrong by no more: what is late by this much for each second is not late. */
const WORST_CLOCK = 0.001;
/** So many stretches say how sound was to the picture at first, when its beginning was over, and how it is now. */
const FIRST = 2;
const LATEST = 3;

/** How a stream was of late. */
export interface CourseReport {
  /** The oldest first. */
  readonly stretches: readonly PlainStretch[];
  /** How long it goes on without a key frame already. */
  readonly openGop: number;
  /** How much later sound comes than the picture of the same time; undefined while that is not known. */
  readonly skew: number | undefined;
  /** How much more that is than when the publisher began: the timestamps of one go faster than those of the other. */
  readonly drift: number | undefined;
  /** How long the publisher has been there. */
  readonly running: number;
}

/** How the frames of one kind come. */
interface Pace {
  dts: number;
  /** The least lag so far: what came with it came in time. */
  floor: number;
}

/** Remembers how the frames of a stream came during the last minute, for some twenty numbers a stretch and none a frame. */
export class Course {
  readonly #mended: Readonly<TimelineCounters>;
  #stretches: Stretch[] = [];
  #present: Stretch | undefined;
  readonly #video: Pace = { dts: 0, floor: 0 };
  readonly #audio: Pace = { dts: 0, floor: 0 };
  /** The decoding time of the newest key frame of this publisher. */
  #keyframe: number | undefined;
  /** When this publisher's first frame came, how sound was to the picture soon after, and since when that is known. */
  #since = 0;
  #firstSkews: number[] = [];
  #settled = Number.POSITIVE_INFINITY;
  /** What had been mended when the present stretch began. */
  #before = { jumps: 0, reanchored: 0 };

  /** `mended` is counted by the stream's timeline. */
  constructor(mended: Readonly<TimelineCounters>) {
    this.#mended = mended;
  }

  /**
   * Takes note of a frame on its way into the stream at the moment `now` of the monotonic clock. `came` is when it came to the
   * node at which it is published, by any clock; `epoch` counts the publishers.
   */
  note({ track: { kind }, data, keyframe }: Sample, dts: number, came: number, epoch: number, now: number): void {
    let present = this.#present;
    if (present?.epoch !== epoch) present = this.#start(epoch, now);
    else if (now >= present.begin + STRETCH) present = this.#turn(epoch, now);
    const pace = kind === 'video' ? this.#video : this.#audio;
    const isFirst = pace.floor === Number.POSITIVE_INFINITY;
    const step = isFirst ? 0 : dts - pace.dts;
    const lag = came - dts;
    pace.dts = dts;
    pace.floor = Math.min(lag, pace.floor + step * WORST_CLOCK);
    present.end = now;
    present.bytes += data.length;
    if (lag - pace.floor > present.lateness) present.lateness = lag - pace.floor;
    if (kind === 'audio') {
      present.audioFrames++;
      present.audioTime += step;
      if (lag < present.audioLag) present.audioLag = lag;
      return;
    }
    present.videoFrames++;
    present.videoTime += step;
    if (lag < present.videoLag) present.videoLag = lag;
    if (step > present.longestStep) present.longestStep = step;
    if (keyframe) this.#open(present, dts);
  }

  /** The last minute before `now`. */
  report(now: number): CourseReport {
    const oldest = now - MOST_STRETCHES * STRETCH;
    const present = this.#present && { ...this.#present, ...this.#mendedSince() };
    const stretches = [...this.#stretches, ...(present ? [present] : [])].filter(({ end }) => end > oldest);
    const own = stretches
      .filter(({ epoch, begin }) => epoch === present?.epoch && begin < present.begin)
      .slice(-LATEST);
    const since = own.filter(({ begin }) => begin >= this.#settled);
    const [skew, first, latest] = [skewOf(own), mean(this.#firstSkews), skewOf(since)];
    return {
      stretches: stretches.map(withoutLags),
      openGop: this.#keyframe === undefined ? 0 : this.#video.dts - this.#keyframe,
      skew,
      drift: latest === undefined ? undefined : latest - first,
      running: this.#present ? now - this.#since : 0,
    };
  }

  /** A publisher begins. */
  #start(epoch: number, now: number): Stretch {
    this.#video.floor = this.#audio.floor = Number.POSITIVE_INFINITY;
    this.#keyframe = undefined;
    this.#since = now;
    this.#firstSkews = [];
    this.#settled = Number.POSITIVE_INFINITY;
    return this.#turn(epoch, now);
  }

  /** A stretch begins. */
  #turn(epoch: number, now: number): Stretch {
    const past = this.#present;
    if (past) {
      past.end = Math.min(now, past.begin + 2 * STRETCH);
      Object.assign(past, this.#mendedSince());
      this.#stretches.push(past);
      if (this.#stretches.length >= MOST_STRETCHES) this.#stretches.shift();
      if (past.epoch === epoch && past.begin > this.#since) this.#settle(past, now);
    }
    const { jumps, reanchored } = this.#mended;
    this.#before = { jumps, reanchored };
    return (this.#present = beginStretch(epoch, now));
  }

  /** Takes a stretch as one of those by which sound is judged later. */
  #settle({ audioLag, videoLag }: Stretch, now: number): void {
    const skew = audioLag - videoLag;
    if (this.#firstSkews.length === FIRST || !Number.isFinite(skew)) return;
    this.#firstSkews.push(skew);
    if (this.#firstSkews.length === FIRST) this.#settled = now;
  }

  #open(present: Stretch, dts: number): void {
    const gop = this.#keyframe === undefined ? 0 : dts - this.#keyframe;
    this.#keyframe = dts;
    if (gop > present.longestGop) present.longestGop = gop;
  }

  #mendedSince(): Pick<Stretch, 'jumps' | 'reanchored'> {
    const { jumps, reanchored } = this.#mended;
    return { jumps: jumps - this.#before.jumps, reanchored: reanchored - this.#before.reanchored };
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
