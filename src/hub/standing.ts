import { SECOND } from '../base/clock.ts';
import type { Lease } from './lease.ts';

/** How the frames of a publisher stand on the timeline of its stream: what one is told who may have to go on with them elsewhere. */
export interface Standing {
  /** Of the lease under which they were placed. */
  readonly token: number;
  /** The wall clock at the stream's time 0, in microseconds since 1970. */
  readonly anchor: number;
  /** What was added to the publisher's times, in microseconds. */
  readonly shift: number;
}

/** Anchors of one timeline differ by less. */
const SAME_ANCHOR = 1 * SECOND;
/** More than this is no clock's fault. */
const MOST_AHEAD = 3600 * SECOND;
/** No publisher sends for longer. */
const LONGEST = 366 * 86_400 * SECOND;

/** What a publisher says of an earlier stand, if it can be true at a moment of the wall clock. */
export function believed(standing: Standing | undefined, wall: number): Standing | undefined {
  if (!standing) return undefined;
  const { token, anchor } = standing;
  const isPossible = token - wall < MOST_AHEAD && anchor - wall < MOST_AHEAD && wall - anchor < LONGEST;
  return isPossible ? standing : undefined;
}

/** What is added to the times of a publisher that goes on; undefined where the stream is on another timeline by now. */
export function shiftOn({ anchor }: Lease, standing: Standing | undefined): number | undefined {
  if (!standing || anchor === undefined || Math.abs(anchor - standing.anchor) > SAME_ANCHOR) return undefined;
  return standing.shift + standing.anchor - anchor;
}
