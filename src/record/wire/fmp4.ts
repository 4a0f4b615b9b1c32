import { Fmp4Muxer, type Fragment } from '../../container/fmp4/muxer.ts';
import type { Frame } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
import { type Piece, type PieceMuxer, Tally } from './piece.ts';

/** Pieces that are fragments of fMP4, at the stream's own times. */
export class Fmp4Pieces implements PieceMuxer {
  readonly opening: Uint8Array;
  readonly #muxer: Fmp4Muxer;
  readonly #tally = new Tally();
  #sequence = 1;

  /** Throws `RefusedError` where fMP4 cannot carry a track. */
  constructor(tracks: readonly Track[]) {
    this.#muxer = new Fmp4Muxer(tracks);
    this.opening = this.#muxer.init;
  }

  get waiting(): number {
    return this.#tally.waiting;
  }

  write(frame: Frame): void {
    this.#muxer.write(frame);
    this.#tally.add(frame);
  }

  part(): Piece | undefined {
    return this.#piece(this.#muxer.part(this.#sequence));
  }

  end(next?: Frame): Piece | undefined {
    return this.#piece(this.#muxer.end(this.#sequence, next));
  }

  #piece(fragment: Fragment | undefined): Piece | undefined {
    if (!fragment) return undefined;
    this.#sequence++;
    const { bytes, startable, spans } = fragment;
    return { bytes, startable, ...this.#tally.take(new Map(spans.map(({ kind, frames }) => [kind, frames]))) };
  }
}
