import { SECOND } from '../../base/clock.ts';
import { configBody, frameHead } from '../../container/flv/body.ts';
import { toMilliseconds } from '../../container/flv/tag.ts';
import type { Frame } from '../../media/frame.ts';
import type { Kind, Track } from '../../media/track.ts';
import { bareTag } from './wire/tag.ts';

/** In streams without pictures headers are repeated so often. */
const HEADERS_EVERY = 1 * SECOND;
/** H.265 as the players behind original edges know it: by codec id. */
const DIALECT = 'legacy-hevc';
const NOTHING = new Uint8Array(0);

/** A tag on its way to the edges. */
export interface OutgoingTag {
  readonly kind: Kind;
  /** Without PreviousTagSize. */
  readonly bytes: Uint8Array;
}

/**
 * Turns frames into the tags of the legacy link: no metadata, and headers again before every key frame, so that an edge that
 * starts late can play and one that lost packets finds its place. To an edge that has them they change nothing.
 */
export class LegacyMuxer {
  readonly #tracks = new Map<Kind, Track>();
  #headersAt = Number.NEGATIVE_INFINITY;

  constructor(tracks: Iterable<Track>) {
    for (const track of tracks) this.#tracks.set(track.kind, track);
  }

  /** The tags that a frame becomes, in order. */
  write(frame: Frame): OutgoingTag[] {
    const { track, dts } = frame;
    const isNew = this.#tracks.get(track.kind) !== track;
    this.#tracks.set(track.kind, track);
    const needsHeaders = isNew || this.#isDue(frame);
    const bytes = bareTag(track.kind, toMilliseconds(dts), frameHead(frame, DIALECT), frame.data);
    return [...(needsHeaders ? this.#headers(dts) : []), { kind: track.kind, bytes }];
  }

  #isDue({ startable, track, dts }: Frame): boolean {
    return startable && (track.kind === 'video' || dts - this.#headersAt >= HEADERS_EVERY);
  }

  #headers(dts: number): OutgoingTag[] {
    this.#headersAt = dts;
    return (['video', 'audio'] as const).flatMap((kind) => {
      const track = this.#tracks.get(kind);
      const body = track && configBody(track, DIALECT);
      return body ? [{ kind, bytes: bareTag(kind, toMilliseconds(dts), NOTHING, body) }] : [];
    });
  }
}
