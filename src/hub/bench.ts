import { equalBytes } from '../base/bytes.ts';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import type { Sample } from '../media/frame.ts';
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
/** Times of the same frame differ by no more where both publishers count milliseconds. */
const SLACK = 2 * MILLISECOND;

/** Where the stream's newest frames are among those that are held, if they carry the same. */
export function align(stream: Stream, held: readonly Held[]): Alignment | undefined {
  const kind = leadingKind(stream);
  const ours = held.map(({ sample }) => sample).filter(({ track }) => track.kind === kind);
  const newest = newestFrames(stream, kind);
  for (const { dts, data } of newest) {
    const same = ours.findLast((sample) => equalBytes(sample.data, data));
    if (!same) continue;
    const shift = dts - same.dts;
    if (!agree(newest, ours, shift)) continue;
    const floors = Array.from(newestByKind(stream), ([of, frame]) => [of, frame.dts + SLACK] as const);
    return { shift, floors: new Map(floors) };
  }
  return undefined;
}

/** Whether frames that have the same time have the same data as well. */
function agree(newest: readonly Timed[], ours: readonly Sample[], shift: number): boolean {
  const byTime = new Map(ours.map((sample) => [Math.round((sample.dts + shift) / SLACK), sample]));
  let [compared, same] = [0, 0];
  for (const { dts, data } of newest) {
    const slot = Math.round(dts / SLACK);
    const candidates = [slot - 1, slot, slot + 1].map((at) => byTime.get(at)).filter((it) => it !== undefined);
    if (candidates.length === 0) continue;
    compared++;
    if (candidates.some((sample) => equalBytes(sample.data, data))) same++;
  }
  return same >= Math.min(LEAST_SAME, newest.length) && same === compared;
}

type Timed = { readonly dts: number; readonly data: Uint8Array };

/** The newest first. */
function newestFrames({ log }: Stream, kind: Kind): Timed[] {
  const frames: Timed[] = [];
  for (let at = log.head - 1; at >= log.tail && frames.length < MOST_COMPARED; at--) {
    const frame = log.at(at);
    if (frame.track.kind === kind) frames.push(frame);
  }
  return frames;
}
