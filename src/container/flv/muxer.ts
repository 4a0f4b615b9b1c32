import { concat } from '../../base/bytes.ts';
import type { Frame } from '../../media/frame.ts';
import type { Kind, Track } from '../../media/track.ts';
import { configBody, type Dialect, frameHead, metadataBody } from './body.ts';
import { type FlvTagType, toMilliseconds } from './tag.ts';

/** Wraps one tag's body, given in two parts, as its transport wants it: an FLV tag, an RTMP message, a WebSocket frame. */
export type Box = (type: FlvTagType, timestampMs: number, head: Uint8Array, data: Uint8Array) => Uint8Array;

/** What an {@link FlvMuxer} makes of frames. */
export interface Boxed {
  readonly bytes: Uint8Array;
  /** Metadata and sequence headers as of now, boxed: what one who begins here needs first. */
  readonly prelude: Uint8Array;
  readonly startable: boolean;
  readonly size: number;
}

/** What an {@link FlvMuxer} lets through, and in what form. */
export interface FlvMuxerOptions {
  readonly box: Box;
  readonly dialect: Dialect;
  /** The kinds of tracks that are let through. */
  readonly kinds: ReadonlySet<Kind>;
  /** The tracks as far as they are known before the first frame. */
  readonly tracks: Iterable<Track>;
}

const NOTHING = new Uint8Array(0);

/** Turns frames into tags of FLV, in whatever box they travel. A change of a track comes as its sequence header before the frame. */
export class FlvMuxer {
  readonly #options: FlvMuxerOptions;
  readonly #tracks = new Map<Kind, Track>();
  #prelude: Uint8Array;

  constructor(options: FlvMuxerOptions) {
    this.#options = options;
    for (const track of options.tracks) if (options.kinds.has(track.kind)) this.#tracks.set(track.kind, track);
    this.#prelude = this.#preludeAt(0);
  }

  /** Encodes the next frame and hands what comes of it to `emit`, in order. */
  write(frame: Frame, emit: (entry: Boxed) => void): void {
    const { box, dialect, kinds } = this.#options;
    const { track } = frame;
    if (!kinds.has(track.kind)) return;
    if (this.#tracks.get(track.kind) !== track) this.#change(track, frame.dts, emit);
    const bytes = box(track.kind, toMilliseconds(frame.dts), frameHead(frame, dialect), frame.data);
    const startable = frame.startable || !kinds.has('video');
    emit({ bytes, prelude: this.#prelude, startable, size: bytes.length });
  }

  #change(track: Track, dts: number, emit: (entry: Boxed) => void): void {
    this.#tracks.set(track.kind, track);
    this.#prelude = this.#preludeAt(dts);
    const bytes = this.#header(track, dts);
    if (bytes.length > 0) emit({ bytes, prelude: this.#prelude, startable: false, size: bytes.length });
  }

  #preludeAt(dts: number): Uint8Array {
    const tracks = [...this.#tracks.values()];
    const metadata = this.#options.box(
      'script',
      toMilliseconds(dts),
      NOTHING,
      metadataBody(tracks, {}, this.#options.dialect),
    );
    return concat([metadata, ...tracks.map((track) => this.#header(track, dts))]);
  }

  #header(track: Track, dts: number): Uint8Array {
    const body = configBody(track, this.#options.dialect);
    return body ? this.#options.box(track.kind, toMilliseconds(dts), NOTHING, body) : NOTHING;
  }
}
