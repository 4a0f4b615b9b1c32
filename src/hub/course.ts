import { SECOND } from '../base/clock.ts';
import type { Sample } from '../media/frame.ts';
import type { TimelineCounters } from '../media/timeline.ts';

/** How long a stretch is, and how many are remembered: a minute. */
const STRETCH = 2 * SECOND;
const MOST_STRETCHES = 30;
/** The clock of an encoder goes wrong by no more: what is late by this much for each second is not late. */
const WORST_CLOCK = 0.001;
/** So many stretches say how sound was to the picture at first, and how it is now. */
const FIRST = 2;
const LATEST = 3;

/** What some two seconds of a stream were like. Times are microseconds. */
export interface Stretch {
  /** By the monotonic clock. */
  readonly begin: number;
  /** When the next one began, or as far as frames have come. */
  end: number;
  /** How often a publisher had begun on the stream by then. */
  readonly epoch: number;
  bytes: number;
  videoFrames: number;
  audioFrames: number;
  /** The longest time between two key frames of which the later one is here, and between two pictures; 0 for none. */
  longestGop: number;
  longestStep: number;
  /** By how much frames came later, against their timestamps, than others of the same publisher. */
  lateness: number;
  /** The least time from a frame's timestamp to its arrival, on scales without a meaning of their own; Infinity for no frame. */
  videoLag: number;
  audioLag: number;
  /** See {@link TimelineCounters}. */
  jumps: number;
  reanchored: number;
}

/** How a stream was of late. */
export interface CourseReport {
  /** The oldest first. */
  readonly stretches: readonly Readonly<Omit<Stretch, 'videoLag' | 'audioLag'>>[];
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
  /** When this publisher's first frame came, and how sound was to the picture then. */
  #since = 0;
  #firstSkews: number[] = [];
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
      if (lag < present.audioLag) present.audioLag = lag;
      return;
    }
    present.videoFrames++;
    if (lag < present.videoLag) present.videoLag = lag;
    if (step > present.longestStep) present.longestStep = step;
    if (keyframe) this.#open(present, dts);
  }

  /** The last minute before `now`. */
  report(now: number): CourseReport {
    const oldest = now - MOST_STRETCHES * STRETCH;
    const present = this.#present && { ...this.#present, ...this.#mendedSince() };
    const stretches = [...this.#stretches, ...(present ? [present] : [])].filter(({ end }) => end > oldest);
    const last = stretches.filter(({ epoch }) => epoch === present?.epoch).slice(-LATEST - 1, -1);
    const skew = median(last.map(skewOf).filter(Number.isFinite));
    const first = this.#firstSkews.length === FIRST ? median(this.#firstSkews) : undefined;
    return {
      stretches: stretches.map(({ videoLag: _, audioLag: __, ...stretch }) => stretch),
      openGop: this.#keyframe === undefined ? 0 : this.#video.dts - this.#keyframe,
      skew,
      drift: first === undefined || skew === undefined ? undefined : skew - first,
      running: this.#present ? now - this.#since : 0,
    };
  }

  /** A publisher begins. */
  #start(epoch: number, now: number): Stretch {
    this.#video.floor = this.#audio.floor = Number.POSITIVE_INFINITY;
    this.#keyframe = undefined;
    this.#since = now;
    this.#firstSkews = [];
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
      const skew = skewOf(past);
      if (past.epoch === epoch && this.#firstSkews.length < FIRST && Number.isFinite(skew)) this.#firstSkews.push(skew);
    }
    const { jumps, reanchored } = this.#mended;
    this.#before = { jumps, reanchored };
    return (this.#present = emptyStretch(epoch, now));
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

function emptyStretch(epoch: number, begin: number): Stretch {
  return {
    begin,
    end: begin,
    epoch,
    bytes: 0,
    videoFrames: 0,
    audioFrames: 0,
    longestGop: 0,
    longestStep: 0,
    lateness: 0,
    videoLag: Number.POSITIVE_INFINITY,
    audioLag: Number.POSITIVE_INFINITY,
    jumps: 0,
    reanchored: 0,
  };
}

/** NaN or infinite where one of them is not there. */
function skewOf({ videoLag, audioLag }: Readonly<Stretch>): number {
  return audioLag - videoLag;
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
