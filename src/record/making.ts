import { MILLISECOND } from '../base/clock.ts';
import type { Stream } from '../hub/stream.ts';
import type { Frame } from '../media/frame.ts';
import type { Kind, Track } from '../media/track.ts';
import { type Header, proofOf, tellTrack } from './manifest.ts';
import type { RecordOptions } from './options.ts';
import { isSplitDue } from './split.ts';
import { FlvPieces } from './wire/flv.ts';
import { Fmp4Pieces } from './wire/fmp4.ts';
import type { Piece, PieceMuxer } from './wire/piece.ts';
import { TsPieces } from './wire/ts.ts';

/** How long a piece is, in microseconds: with the time to the next sync, what a power cut may cost. */
const PIECE = 250 * MILLISECOND;

const KINDS: readonly Kind[] = ['video', 'audio'];
const PIECES: Record<RecordOptions['format'], (tracks: readonly Track[], start: number) => PieceMuxer> = {
  fmp4: (tracks) => new Fmp4Pieces(tracks),
  flv: (tracks, start) => new FlvPieces(tracks, start),
  ts: (tracks) => new TsPieces(tracks),
};

/** A file in the making: what comes of a stream's frames, from a first one on, as long as they fit into one file. */
export class Making {
  readonly #format: RecordOptions['format'];
  readonly #tracks: readonly Track[];
  readonly #muxer: PieceMuxer;
  /** The first frame's decoding time, and when that came in. */
  readonly #start: number;
  readonly #wall: number;
  #bytes: number;
  /** Where the present piece began, and the last one at whose beginning decoding can begin. */
  #piece: number | undefined;
  #keyPiece: number;

  /** Throws `RefusedError` where the format cannot carry a track. */
  constructor(format: RecordOptions['format'], { tracks }: Stream, first: Frame) {
    const all = new Map(tracks).set(first.track.kind, first.track);
    this.#format = format;
    this.#tracks = KINDS.map((kind) => all.get(kind)).filter((track) => track !== undefined);
    this.#muxer = PIECES[format](this.#tracks, first.dts);
    this.#start = first.dts;
    this.#wall = first.ingest;
    this.#bytes = this.opening.length;
    this.#keyPiece = first.dts;
  }

  /** What the file begins with. */
  get opening(): Uint8Array {
    return this.#muxer.opening;
  }

  /** How many frames are in no piece yet. */
  get waiting(): number {
    return this.#muxer.waiting;
  }

  /** Whether it goes on without a frame between them where another file ended: `continues`. */
  header({ path, lease }: Stream, continues: boolean): Header {
    return {
      recording: 1,
      stream: path,
      format: this.#format,
      began: Math.round(this.#wall / MILLISECOND),
      anchor: lease.anchor ?? this.#wall - this.#start,
      continues,
      tracks: this.#tracks.map(tellTrack),
      opening: proofOf(this.opening),
      pid: process.pid,
    };
  }

  /** Whether it is made for frames like this one. */
  fits({ track }: Frame): boolean {
    return this.#tracks.includes(track);
  }

  /** Whether this frame is to begin another file. */
  isFull(split: RecordOptions['split'], frame: Frame): boolean {
    const begun = { start: this.#start, wall: this.#wall, bytes: this.#bytes };
    return frame.startable && isSplitDue(split, begun, frame);
  }

  /** To be called before {@link write}: the piece that ends where this frame comes, if one does. */
  cut(frame: Frame): Piece | undefined {
    const { dts, startable, stamp } = frame;
    if (stamp || (startable && dts - this.#keyPiece >= PIECE)) {
      this.#keyPiece = dts;
      return this.end(frame);
    }
    if (this.#piece === undefined || dts - this.#piece < PIECE) return undefined;
    this.#piece = undefined;
    return this.#counted(this.#muxer.part());
  }

  /** Takes the next frame. */
  write(frame: Frame): void {
    this.#piece ??= frame.dts;
    this.#muxer.write(frame);
  }

  /** A piece of all that waits; `next` is the frame that begins the next one, if it is known. */
  end(next?: Frame): Piece | undefined {
    this.#piece = undefined;
    return this.#counted(this.#muxer.end(next));
  }

  #counted(piece: Piece | undefined): Piece | undefined {
    this.#bytes += piece?.bytes.length ?? 0;
    return piece;
  }
}
