import type { Frame, Stamp } from '../media/frame.ts';
import type { Track } from '../media/track.ts';
import type { ReadFile } from './files.ts';
import type { Stream } from './stream.ts';

/** A segment of a stream that is over. */
export interface PastSegment {
  readonly stamp: Stamp;
  /** The wall clock at its first frame, in microseconds since 1970, and how long it is, in microseconds. */
  readonly time: number;
  readonly duration: number;
  /** What it is made of, video first. */
  readonly tracks: readonly Track[];
  /** Whether frames are missing. */
  readonly gap: boolean;
}

/** The frames of a segment in the order in which they came, and the one that begins the next where that goes on from it. */
export interface PastFrames {
  readonly tracks: readonly Track[];
  readonly frames: readonly Frame[];
  readonly next: Frame | undefined;
}

/** What is kept of a stream for longer than its window. */
export interface Past {
  /** When the first frame of it came in, in microseconds since 1970. */
  readonly since: number;
  /** The segments that are over, the oldest first. Their numbers go up; some may be missing. */
  segments(): Promise<readonly PastSegment[]>;
  /** The segment of that number; `undefined` where it is not here, or not over. */
  find(segment: number): Promise<PastSegment | undefined>;
  /** Its frames; `undefined` where they are not here, or not all. */
  frames(segment: number): Promise<PastFrames | undefined>;
}

/** Where the past of streams is kept: by this process, or by others that have the files of it. */
export class Pasts {
  /** Finds the past of a stream, where this process keeps any of it. */
  find: (stream: Stream) => Promise<Past | undefined> = async () => undefined;
  /** Who else may have files of a stream. */
  elsewhere: (stream: Stream) => readonly ReadFile[] = () => [];
  /** How far back a stream can be watched, wherever that is kept: microseconds since 1970, `undefined` for not at all. */
  since = async (stream: Stream): Promise<number | undefined> => (await this.find(stream))?.since;
}
