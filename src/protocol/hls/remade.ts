import type { Clock } from '../../base/clock.ts';
import type { Past, PastFrames } from '../../hub/past.ts';
import { packagings } from './packaging.ts';
import { Segmenter } from './segmenter.ts';
import { Shelf } from './shelf.ts';

/** What making segments again goes by. */
export interface RemadeGround {
  readonly clock: Clock;
  /** How long parts are aimed at, in microseconds. */
  readonly part: number;
  /** How much is kept, in bytes. */
  readonly bytes: number;
}

interface Kept {
  readonly pieces: Promise<readonly Uint8Array[] | undefined>;
  /** Once they are there. */
  bytes: number;
}

/** Segments of fMP4 that were made again of what is kept of a stream. Many who watch the same have it made once. */
export class Remade {
  readonly #ground: RemadeGround;
  /** By number; who was asked for last is the last. */
  readonly #kept = new Map<number, Kept>();

  constructor(ground: RemadeGround) {
    this.#ground = ground;
  }

  /** A segment in the pieces of which it is made; `undefined` where its frames cannot be had. */
  segment(past: Past, number: number): Promise<readonly Uint8Array[] | undefined> {
    const kept = this.#kept.get(number) ?? this.#make(past, number);
    this.#kept.delete(number);
    this.#kept.set(number, kept);
    return kept.pieces;
  }

  #make(past: Past, number: number): Kept {
    const { part, clock } = this.#ground;
    const pieces = past.frames(number).then((frames) => frames && remake(frames, part, clock));
    const kept: Kept = { pieces, bytes: 0 };
    const drop = () => this.#kept.delete(number);
    pieces.then((made) => (made ? this.#weigh(kept, made) : drop()), drop);
    return kept;
  }

  #weigh(kept: Kept, pieces: readonly Uint8Array[]): void {
    kept.bytes = sizeOf(pieces);
    let total = 0;
    for (const [number, { bytes }] of [...this.#kept].toReversed()) {
      total += bytes;
      if (total > this.#ground.bytes) this.#kept.delete(number);
    }
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** As all that a segmenter goes by is in the frames, the segment is the same as ever, to the last byte. */
function remake({ tracks, frames, next }: PastFrames, part: number, clock: Clock): readonly Uint8Array[] {
  const shelf = new Shelf({ window: 1, bytes: Number.POSITIVE_INFINITY }, clock);
  const kinds = new Map(tracks.map((track) => [track.kind, track]));
  const lineup = Object.fromEntries(tracks.map(({ kind, codec }) => [kind, codec]));
  const segmenter = new Segmenter({ lineup, tracks: kinds }, shelf, packagings.fmp4(), part);
  for (const frame of frames) segmenter.write(frame);
  if (next) segmenter.write(next);
  else segmenter.finish();
  return shelf.find(frames[0]!.stamp!.segment)!.parts.map(({ bytes }) => bytes);
}
