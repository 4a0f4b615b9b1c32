import type { Frame, Stamp } from '../../media/frame.ts';
import type { Kind } from '../../media/track.ts';
import { writeOrder } from './order.ts';

/** The frames of one track in a piece; times are decoding times in microseconds. */
interface Counted {
  readonly frames: number;
  readonly first: number;
  readonly last: number;
}

/** A segment that the stream's owner begins: by which number, and with which frame. */
export interface Begun extends Stamp {
  /** The frame's decoding time, and when it came in (since 1970); in microseconds. */
  readonly time: number;
  readonly wall: number;
}

/** What is written to a recording, listed and proved as one. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Whether decoding can begin here. */
  readonly startable: boolean;
  /** When its first frame came in: microseconds since 1970. */
  readonly wall: number;
  /** The segment that begins here, if one does. */
  readonly stamp: Begun | undefined;
  /** In which order frames came since the last piece, as `order.ts` writes it: some may be in a later piece. */
  readonly order: string;
  readonly tracks: Readonly<Partial<Record<Kind, Counted>>>;
}

/** Makes pieces of frames, in one format and for one file. */
export interface PieceMuxer {
  /** What the file begins with. */
  readonly opening: Uint8Array;
  /** How many frames are in no piece yet. */
  readonly waiting: number;
  /** Takes a frame of the tracks that it was made for. One that begins a segment must come when nothing waits. */
  write(frame: Frame): void;
  /** A piece of what can be written now; the newest frames may have to wait for those after them. */
  part(): Piece | undefined;
  /** A piece of all that waits; `next` is the frame that will begin the next one, if it is known. */
  end(next?: Frame): Piece | undefined;
}

/** Counts the frames that are in no piece yet. */
export class Tally {
  readonly #frames: Record<Kind, { dts: number; wall: number }[]> = { video: [], audio: [] };
  #order: Kind[] = [];
  #stamp: Begun | undefined;

  get waiting(): number {
    return this.#frames.video.length + this.#frames.audio.length;
  }

  add({ track, dts, ingest, stamp }: Frame): void {
    if (stamp) this.#stamp = { ...stamp, time: dts, wall: ingest };
    this.#frames[track.kind].push({ dts, wall: ingest });
    this.#order.push(track.kind);
  }

  /** What a piece of so many frames of each kind holds; all that there are where no number is given. */
  take(counts?: ReadonlyMap<Kind, number>): Pick<Piece, 'tracks' | 'wall' | 'stamp' | 'order'> {
    const tracks: Partial<Record<Kind, Counted>> = {};
    let wall = Number.POSITIVE_INFINITY;
    for (const kind of ['video', 'audio'] as const) {
      const taken = this.#frames[kind].splice(0, counts ? (counts.get(kind) ?? 0) : Number.POSITIVE_INFINITY);
      if (taken.length === 0) continue;
      tracks[kind] = { frames: taken.length, first: taken[0]!.dts, last: taken.at(-1)!.dts };
      wall = Math.min(wall, taken[0]!.wall);
    }
    const [stamp, order] = [this.#stamp, writeOrder(this.#order)];
    this.#stamp = undefined;
    this.#order = [];
    return { tracks, wall, stamp, order };
  }
}

/** How many frames a piece has. */
export function framesIn({ tracks }: Pick<Piece, 'tracks'>): number {
  return (tracks.video?.frames ?? 0) + (tracks.audio?.frames ?? 0);
}

/** The decoding time of the last frame in a piece. */
export function lastIn({ tracks }: Pick<Piece, 'tracks'>): number {
  return Math.max(...Object.values(tracks).map(({ last }) => last));
}
