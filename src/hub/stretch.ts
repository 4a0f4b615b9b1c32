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
  /** How far their timestamps went on. */
  videoTime: number;
  audioTime: number;
  /** The longest time between two key frames of which the later one is here, and between two pictures; 0 for none. */
  longestGop: number;
  longestStep: number;
  /** By how much frames came later, against their timestamps, than others of the same publisher. */
  lateness: number;
  /** The least time from a frame's timestamp to its arrival, on scales without a meaning of their own; Infinity for no frame. */
  videoLag: number;
  audioLag: number;
  /** As the timeline counts them. */
  jumps: number;
  reanchored: number;
}

/** A stretch without what means nothing by itself. */
export type PlainStretch = Readonly<Omit<Stretch, 'videoLag' | 'audioLag'>>;

/** One of which nothing has come yet. */
export function beginStretch(epoch: number, begin: number): Stretch {
  return {
    begin,
    end: begin,
    epoch,
    bytes: 0,
    videoFrames: 0,
    audioFrames: 0,
    videoTime: 0,
    audioTime: 0,
    longestGop: 0,
    longestStep: 0,
    lateness: 0,
    videoLag: Number.POSITIVE_INFINITY,
    audioLag: Number.POSITIVE_INFINITY,
    jumps: 0,
    reanchored: 0,
  };
}

/** How much later sound came than its picture, in the stretch in the middle; undefined where none has both. */
export function skewOf(stretches: readonly Readonly<Stretch>[]): number | undefined {
  const skews = stretches.map(({ videoLag, audioLag }) => audioLag - videoLag).filter(Number.isFinite);
  return skews.toSorted((a, b) => a - b)[skews.length >> 1];
}

/** What is told of a stretch. */
export function withoutLags(stretch: Readonly<Stretch>): PlainStretch {
  const { videoLag: _, audioLag: __, ...rest } = stretch;
  return rest;
}
