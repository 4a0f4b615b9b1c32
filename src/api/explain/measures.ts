import { SECOND } from '../../base/clock.ts';
import type { Facts } from './facts.ts';
import { fps, inMs, inSeconds, kbps, latenesses, median, most, whole } from './figures.ts';

/** The figures of a stream that has nothing wrong as well, for people: whole numbers, but for seconds and pictures. */
export interface Measures {
  readonly seconds: number;
  readonly kbps: number;
  readonly fps: number;
  /** The longest time between two key frames. */
  readonly gop_s: number;
  /** The longest time that frames were late. */
  readonly late_ms: number;
  /** How much later sound comes than its picture, and how much that has changed; absent while it is not known. */
  readonly skew_ms?: number;
  readonly drift_ms?: number;
  readonly viewers: number;
}

/** What is measured of a stream. */
export function measure({ span, stream, viewers }: Facts): Measures {
  const { skew, drift, openGop } = stream;
  return {
    seconds: Math.round(span / SECOND),
    kbps: median(whole(stream).map(kbps)),
    fps: Math.round(10 * fps(stream)) / 10,
    gop_s: inSeconds(
      Math.max(
        openGop,
        most(stream, ({ longestGop }) => longestGop),
      ),
    ),
    late_ms: inMs(Math.max(0, ...latenesses(stream))),
    ...(skew !== undefined && { skew_ms: inMs(skew) }),
    ...(drift !== undefined && { drift_ms: inMs(drift) }),
    viewers: viewers.count,
  };
}
