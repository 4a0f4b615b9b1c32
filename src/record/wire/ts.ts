import { MILLISECOND } from '../../base/clock.ts';
import { TsMuxer } from '../../container/mpegts/muxer.ts';
import type { Frame } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
import { type Piece, type PieceMuxer, Tally } from './piece.ts';

/** How much sound shares a PES packet, in microseconds. */
const GATHER = 100 * MILLISECOND;

/** Pieces that are whole packets of MPEG-TS, each with the tables before its frames. */
export class TsPieces implements PieceMuxer {
  readonly opening = new Uint8Array(0);
  readonly #muxer: TsMuxer;
  readonly #tally = new Tally();
  #startable = false;

  /** Throws `RefusedError` where MPEG-TS cannot carry a track. */
  constructor(tracks: readonly Track[]) {
    this.#muxer = new TsMuxer({ tracks, gather: GATHER });
  }

  get waiting(): number {
    return this.#tally.waiting;
  }

  write(frame: Frame): void {
    if (this.waiting === 0) {
      this.#startable = frame.startable;
      this.#muxer.tables();
    }
    this.#muxer.write(frame);
    this.#tally.add(frame);
  }

  part(): Piece | undefined {
    if (this.waiting === 0) return undefined;
    return { bytes: this.#muxer.take(), startable: this.#startable, ...this.#tally.take() };
  }

  end(): Piece | undefined {
    return this.part();
  }
}
