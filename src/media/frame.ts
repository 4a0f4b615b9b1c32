import type { Track } from './track.ts';

/** A frame as an ingest hands it over: on the publisher's own timeline, not yet part of a stream. */
export interface Sample {
  readonly track: Track;
  /** Decoding and presentation time on the input's timeline, in microseconds, unwrapped. */
  readonly dts: number;
  readonly pts: number;
  readonly keyframe: boolean;
  /** See {@link Frame.data}. */
  readonly data: Uint8Array;
}

/** Under whom a frame was placed on its stream's timeline. The same object as long as both stay the same. */
export interface Tenure {
  /** Of the owner's lease. */
  readonly token: number;
  /** How often a publisher had begun on the stream by then. */
  readonly epoch: number;
}

/** What stands on the frame that begins a segment: the same on every node, so that names and contents of segments are. */
export interface Stamp {
  /** The segment's number. It goes up by one, through all publishers, and is never used twice for a path. */
  readonly segment: number;
  /** How often what came had nothing to do with what was before: another publisher or configuration. */
  readonly discontinuity: number;
}

/** What a frame costs besides its data, in bytes. */
const OVERHEAD = 128;

/**
 * An encoded video access unit or audio frame, as it stands in a stream's log. Immutable; the log makes a new one for each
 * reader that asks.
 */
export class Frame {
  readonly track: Track;
  /** Its position in the log of the stream's owner, which may be another node: mirrors of one stream agree on it. */
  readonly seq: number;
  readonly tenure: Tenure;
  /** Decoding time on the stream's timeline, in microseconds; per track it never decreases. */
  readonly dts: number;
  /** Presentation time, in microseconds. */
  readonly pts: number;
  /** Whether decoding can begin here (true for all audio). */
  readonly keyframe: boolean;
  /** Whether a reader may begin here: a video key frame, or any frame of a stream without video. */
  readonly startable: boolean;
  /** When it came in, by the wall clock of the node at which it was published: microseconds since 1970. */
  readonly ingest: number;
  /** Where the stream's owner begins a segment with this frame. */
  readonly stamp: Stamp | undefined;
  /** Owned memory, never that of a socket's buffer. The layout per codec is described in docs/internals/frames.md. */
  readonly data: Uint8Array;

  constructor(
    sample: Sample,
    { seq, tenure, stamp }: Pick<Frame, 'seq' | 'tenure'> & { readonly stamp?: Stamp | undefined },
    dts: number,
    track: Track,
    startable: boolean,
    ingest: number,
  ) {
    this.track = track;
    this.seq = seq;
    this.tenure = tenure;
    this.stamp = stamp;
    this.dts = dts;
    this.pts = dts + sample.pts - sample.dts;
    this.keyframe = sample.keyframe;
    this.startable = startable;
    this.ingest = ingest;
    this.data = sample.data;
  }

  /** For the log: what it keeps in memory, in bytes, so that neither tiny frames nor ever new configurations outgrow the window. */
  get size(): number {
    return this.data.length + this.track.config.length + OVERHEAD;
  }
}
