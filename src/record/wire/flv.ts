import { concat } from '../../base/bytes.ts';
import { configBody } from '../../container/flv/body.ts';
import { FlvMuxer } from '../../container/flv/muxer.ts';
import { flvHeader, flvTag, toMilliseconds } from '../../container/flv/tag.ts';
import type { Frame } from '../../media/frame.ts';
import type { Kind, Track } from '../../media/track.ts';
import { reservedMetadata } from './flv-metadata.ts';
import { type Piece, type PieceMuxer, Tally } from './piece.ts';

const NOTHING = new Uint8Array(0);
const DIALECT = 'enhanced';

/** Pieces that are tags of an FLV file whose metadata are filled in when it is finished. */
export class FlvPieces implements PieceMuxer {
  readonly opening: Uint8Array;
  readonly #muxer: FlvMuxer;
  readonly #tally = new Tally();
  #tags: Uint8Array[] = [];
  #startable = false;

  /** `start` is the time of the first frame, in microseconds. */
  constructor(tracks: readonly Track[], start: number) {
    const kinds = new Set<Kind>(tracks.map(({ kind }) => kind));
    this.#muxer = new FlvMuxer({ box: flvTag, dialect: DIALECT, kinds, tracks });
    this.opening = concat([
      flvHeader(kinds.has('audio'), kinds.has('video')),
      flvTag('script', 0, NOTHING, reservedMetadata(tracks)),
      ...tracks.map((track) => {
        const body = configBody(track, DIALECT);
        return body ? flvTag(track.kind, toMilliseconds(start), NOTHING, body) : NOTHING;
      }),
    ]);
  }

  get waiting(): number {
    return this.#tally.waiting;
  }

  write(frame: Frame): void {
    if (this.waiting === 0) this.#startable = frame.startable;
    this.#muxer.write(frame, ({ bytes }) => this.#tags.push(bytes));
    this.#tally.add(frame);
  }

  part(): Piece | undefined {
    if (this.waiting === 0) return undefined;
    const bytes = concat(this.#tags);
    this.#tags = [];
    return { bytes, startable: this.#startable, ...this.#tally.take() };
  }

  end(): Piece | undefined {
    return this.part();
  }
}
