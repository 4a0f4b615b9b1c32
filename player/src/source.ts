import type { Sample } from '../../src/media/frame.ts';
import type { Kind } from '../../src/media/track.ts';
import type { Line } from './line.ts';
import type { Failure } from './policy.ts';

/** The kinds of tracks that a stream has; undefined as long as it has not told. */
export type Kinds = ReadonlySet<Kind> | undefined;

/** Frames that came together, in their order, on the stream's timeline. */
export interface Frames {
  readonly samples: readonly Sample[];
  readonly kinds: Kinds;
}

/** What one hears of an open line. */
export interface SourceEvents {
  frames(frames: Frames): void;
  /** So many bytes have come. */
  bytes(count: number): void;
  /** Called once; nothing comes after it. */
  failed(failure: Failure): void;
}

/** A line that is open. */
export interface Source {
  close(): void;
}

/** Opens a line. Nothing is told before it has returned. */
export type Open = (line: Line, events: SourceEvents) => Source;
