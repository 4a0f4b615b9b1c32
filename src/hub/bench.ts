import { equalBytes } from '../base/bytes.ts';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import type { Frame, Sample } from '../media/frame.ts';
import type { Kind } from '../media/track.ts';
import { leadingKind, newestByKind, type Stream } from './stream.ts';

/** A frame that waits, with when it came by the monotonic and by the wall clock. */
export interface Held {
  readonly sample: Sample;
  readonly arrival: number;
  readonly ingest: number;
}

/** How a waiting publisher continues a stream whose frames it has as well. */
export interface Alignment {
  /** What is added to its times, in microseconds. */
  readonly shift: number;
  /** Of the owner whose times these are then, to the last of them: whoever has seen more of his frames is about to get the same ones. */
  readonly token: number;
  /** What the stream has already, by kind: frames up to this time are left out. */
  readonly floors: ReadonlyMap<Kind, number>;
}

/** What a publisher sends while it stands by: as much as is needed to go on from, which is since a key frame some time ago. */
export class Bench {
  readonly held: Held[] = [];
  #bytes = 0;

  /** Keeps a frame, and lets go of what is no longer needed. */
  hold(frame: Held): void {
    this.held.push(frame);
    this.#bytes += frame.sample.data.length;
    if (frame.sample.keyframe && frame.sample.track.kind === 'video') this.#trim(frame.arrival - LONG_ENOUGH);
    if (this.#bytes > MOST_BYTES || this.held.length > MOST_FRAMES) this.#drop(this.held.length - 1);
  }

  /** Lets go of all before the last key frame that came before a moment. */
  #trim(before: number): void {
    const isStart = ({ sample, arrival }: Held) =>
      arrival <= before && sample.keyframe && sample.track.kind === 'video';
    const start = this.held.findLastIndex(isStart);
    if (start > 0) this.#drop(start);
  }

  #drop(count: number): void {
    for (const { sample } of this.held.splice(0, count)) this.#bytes -= sample.data.length;
  }
}

/** A publisher that falls silent is noticed sooner than this. */
const LONG_ENOUGH = 4 * SECOND;
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_FRAMES = 20_000;
/** So many of the stream's newest frames are compared, and so many must be the same. */
const [MOST_COMPARED, LEAST_SAME] = [100, 3];
/** A server that has the same stream from elsewhere is no further behind; one that is may be sending the same clip anew. */
const MOST_BEHIND = 1 * SECOND;
/** Times of the same frame differ by no more where both publishers count milliseconds. */
const SLACK = 2 * MILLISECOND;

/** Where the stream's newest frames are among those that are held, if they carry the same. */
export function align(stream: Stream, held: readonly Held[]): Alignment | undefined {
  return search(stream, held, () => LEAST_SAME);
}

/** `least` says how many must be the same where times are shifted by so much. */
function search(
  stream: Stream,
  held: readonly Held[],
  least: (ours: readonly Sample[], newest: number, shift: number) => number,
): Alignment | undefined {
  const kind = leadingKind(stream);
  const ours = held.map(({ sample }) => sample).filter(({ track }) => track.kind === kind);
  const newest = newestFrames(stream, kind);
  for (const { dts, data, tenure } of newest) {
    const same = ours.findLast((sample) => equalBytes(sample.data, data));
    if (!same) continue;
    const shift = dts - same.dts;
    if (!agree(newest, ours, shift, least(ours, newest[0]!.dts, shift))) continue;
    return alignBy(stream, shift, tenure.token);
  }
  return undefined;
}

/** The same where it is known what the times of a publisher are off, and from whose. */
export function alignBy(stream: Stream, shift: number, token: number): Alignment {
  const floors = Array.from(newestByKind(stream), ([of, frame]) => [of, frame.dts + SLACK] as const);
  return { shift, token, floors: new Map(floors) };
}

/**
 * The same for one who is fetched from a server that began with frames which it had kept. `undefined` also as long as what came is too
 * old to be told from a clip that is sent anew, which repeats frames as well.
 */
export function alignKept(stream: Stream, held: readonly Held[]): Alignment | undefined {
  const last = held.at(-1);
  const alignment = last && search(stream, held, leastKept);
  if (!alignment) return undefined;
  const { newest } = stream;
  const behind = newest.dts + (last.arrival - newest.arrival) - (last.sample.dts + alignment.shift);
  return behind <= MOST_BEHIND ? alignment : undefined;
}

/** One key frame is enough where all that came behind it is newer than what the stream has. */
function leastKept(ours: readonly Sample[], newest: number, shift: number): number {
  const isOpened = ours[0]!.keyframe && ours[0]!.track.kind === 'video';
  return isOpened && ours.at(-1)!.dts + shift > newest ? 1 : LEAST_SAME;
}

/** Whether frames that have the same time have the same data as well, and enough are the same. */
function agree(newest: readonly Timed[], ours: readonly Sample[], shift: number, least: number): boolean {
  const byTime = new Map(ours.map((sample) => [Math.round((sample.dts + shift) / SLACK), sample]));
  let [compared, same] = [0, 0];
  for (const { dts, data } of newest) {
    const slot = Math.round(dts / SLACK);
    const candidates = [slot - 1, slot, slot + 1].map((at) => byTime.get(at)).filter((it) => it !== undefined);
    if (candidates.length === 0) continue;
    compared++;
    if (candidates.some((sample) => equalBytes(sample.data, data))) same++;
  }
  return same >= Math.min(least, newest.length) && same === compared;
}

type Timed = Pick<Frame, 'dts' | 'data' | 'tenure'>;

/** The newest first. */
function newestFrames({ log }: Stream, kind: Kind): Timed[] {
  const frames: Timed[] = [];
  for (let at = log.head - 1; at >= log.tail && frames.length < MOST_COMPARED; at--) {
    const frame = log.at(at);
    if (frame.track.kind === kind) frames.push(frame);
  }
  return frames;
}
