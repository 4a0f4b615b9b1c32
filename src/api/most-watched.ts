import type { Delay } from '../hub/passage.ts';
import type { Stream } from '../hub/stream.ts';
import type { Traffic } from './traffic.ts';

/** What only ever grows while a stream lives. */
export interface Counts {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly skipped: number;
  readonly undecodable: number;
  readonly timelineJumps: number;
  readonly reanchored: number;
  readonly publishes: number;
}

/** The numbers of one stream, or of many as one. */
export interface StreamNumbers {
  /** Its path, or {@link OTHER}. */
  readonly stream: string;
  readonly counts: Counts;
  /** In microseconds; 0 where unknown. */
  readonly keyframeInterval: number;
  /** What its frames take in memory. */
  readonly windowBytes: number;
  /** How late they come to this node; undefined for many, and where it is not known. */
  readonly delay?: Delay | undefined;
  /** How many there are at present, by protocol. */
  readonly viewers: ReadonlyMap<string, number>;
}

/** What stands for all streams that are not shown one by one; no path is like it. */
const OTHER = 'other';

const NONE: Counts = {
  bytesIn: 0,
  bytesOut: 0,
  videoFrames: 0,
  audioFrames: 0,
  skipped: 0,
  undecodable: 0,
  timelineJumps: 0,
  reanchored: 0,
  publishes: 0,
};

/**
 * Shows the streams with most viewers one by one and sums up the others, so that the number of series is bounded. The sum
 * gets what each stream adds while it is among the others, so it never decreases when streams come, go, rise or fall.
 */
export class MostWatched {
  readonly #traffic: Traffic;
  readonly #limit: number;
  /** As of the last look. */
  readonly #seen = new WeakMap<Stream, Counts>();
  #others = NONE;

  constructor(traffic: Traffic, limit: number) {
    this.#traffic = traffic;
    this.#limit = limit;
  }

  look(streams: Iterable<Stream>): StreamNumbers[] {
    const ranked = [...streams].sort((a, b) => b.readers.size - a.readers.size);
    const shown = ranked.slice(0, this.#limit).map((stream) => this.#numbers(stream));
    const others = ranked.slice(this.#limit);
    if (others.length === 0 && this.#others === NONE) return shown;
    return [...shown, this.#sum(others)];
  }

  #numbers(stream: Stream): StreamNumbers {
    const counts = this.#count(stream);
    return {
      stream: stream.path,
      counts,
      keyframeInterval: stream.mirrored?.isInner ? 0 : stream.counters.keyframeInterval,
      windowBytes: stream.log.bytes,
      delay: stream.mirrored?.isInner ? undefined : stream.delay,
      viewers: countViewers([stream]),
    };
  }

  #sum(others: readonly Stream[]): StreamNumbers {
    for (const stream of others) {
      const before = this.#seen.get(stream) ?? NONE;
      this.#others = combine(this.#others, this.#count(stream), before);
    }
    const windowBytes = others.reduce((sum, { log }) => sum + log.bytes, 0);
    return { stream: OTHER, counts: this.#others, keyframeInterval: 0, windowBytes, viewers: countViewers(others) };
  }

  #count(stream: Stream): Counts {
    const { keyframeInterval: _, ...counted } = stream.counters;
    const { jumps, reanchored } = stream.timeline.counters;
    const skipped = this.#traffic.skippedOf(stream);
    // What another worker has counted is not counted again.
    const publishes = stream.mirrored?.isInner ? 0 : stream.epoch;
    const counts = { ...counted, skipped, timelineJumps: jumps, reanchored, publishes };
    this.#seen.set(stream, counts);
    return counts;
  }
}

/** `sum` and what has come to a stream from `before` to `now`. */
function combine(sum: Counts, now: Counts, before: Counts): Counts {
  const names = Object.keys(NONE) as (keyof Counts)[];
  return Object.fromEntries(names.map((name) => [name, sum[name] + now[name] - before[name]])) as unknown as Counts;
}

function countViewers(streams: readonly Stream[]): Map<string, number> {
  const viewers = new Map<string, number>();
  for (const { readers } of streams) {
    for (const { protocol, isInner } of readers) if (!isInner) viewers.set(protocol, (viewers.get(protocol) ?? 0) + 1);
  }
  return viewers;
}
