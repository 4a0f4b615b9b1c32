import type { Stamp } from '../../media/frame.ts';

/** A part of a segment, or in MPEG-TS the whole of it. */
export interface ShelvedPart {
  readonly bytes: Uint8Array;
  /** In microseconds. */
  readonly duration: number;
  /** Whether decoding can begin here. */
  readonly independent: boolean;
}

/** What decoders must know first, under a name that tells it from all others; the bytes may have to be fetched. */
export interface Init {
  readonly name: string;
  readonly bytes: Uint8Array | undefined;
}

/** A segment on a shelf: as far as it is made here, or as others tell of it. */
export class ShelvedSegment {
  readonly stamp: Stamp;
  /** The wall clock at its first frame, in microseconds since 1970. */
  readonly time: number;
  /** Those that were made here; none where the whole was fetched or let go. */
  readonly parts: ShelvedPart[] = [];
  init: Init | undefined;
  /** In microseconds; undefined while it is being made. */
  duration: number | undefined;
  /** The whole of it, in pieces, where that is in memory. */
  content: readonly Uint8Array[] | undefined;
  /** Whether the whole can be fetched. */
  elsewhere = false;
  /** Whether frames of it are missing here. */
  spoilt = false;
  /** What it takes in memory, and how large it is as far as that is known; in bytes. */
  bytes = 0;
  size = 0;
  /** How many pictures it has, as far as that is known. */
  pictures = 0;
  /** Grows with every use of any segment. */
  used = 0;

  constructor(stamp: Stamp, time: number) {
    this.stamp = stamp;
    this.time = time;
  }

  /** Whether nothing of it is to be had. */
  get gap(): boolean {
    return this.duration === undefined ? this.spoilt : !this.content && !this.elsewhere;
  }

  /** Takes what comes next of it. */
  add(part: ShelvedPart): void {
    this.parts.push(part);
    this.bytes += part.bytes.length;
    this.size = this.bytes;
  }

  /** It is over. What is left of one with a hole is of no use. */
  close(duration: number): void {
    this.duration = duration;
    if (this.spoilt || this.parts.length === 0) this.drop();
    else this.content = this.parts.map(({ bytes }) => bytes);
  }

  /** The whole of it, from elsewhere. */
  fill(content: readonly Uint8Array[]): void {
    this.content = content;
    this.bytes = content.reduce((sum, { length }) => sum + length, 0);
    this.size = this.bytes;
  }

  /** Lets go of what is in memory. */
  drop(): void {
    this.parts.length = 0;
    this.content = undefined;
    this.bytes = 0;
  }
}
