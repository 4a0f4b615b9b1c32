import { ProtocolError } from '../../src/base/errors.ts';
import { playlistLines } from '../../src/container/hls/lines.ts';
import { attributesOf, collect, type ListedSegment, numberOf } from '../../src/container/hls/listed.ts';

/** A place in a stream: a segment's number, and a part in it, counted from 0. */
export interface Place {
  readonly segment: number;
  readonly part: number;
}

/** A file that is to be had: a part, or a whole segment. */
export interface Piece {
  readonly url: string;
  /** What must be known before it. */
  readonly init: string;
}

/** What a playlist has from a place on, and where to go on. */
export interface Found {
  readonly pieces: readonly Piece[];
  readonly next: Place;
}

/** The only or the first rendition that a master playlist offers. Throws {@link ProtocolError} where it has none. */
export function readMaster(text: string, base: string): string {
  const uri = playlistLines(text).find(({ tag }) => tag === undefined);
  const url = uri && URL.parse(uri.value, base);
  if (!url) throw new ProtocolError('a master playlist without a rendition');
  return url.href;
}

/** A media playlist of fMP4, as one who plays what is live needs it. Throws {@link ProtocolError} where it is none. */
export class HlsPlaylist {
  /** Whether nothing will follow. */
  readonly ended: boolean;
  /** In seconds; how long to wait before one asks again where the server does not wait itself. */
  readonly target: number;
  readonly #canWait: boolean;
  readonly #base: string;
  readonly #segments: readonly ListedSegment[];
  readonly #first: number;

  constructor(text: string, base: string) {
    const problems: string[] = [];
    const { segments, tags } = collect(playlistLines(text), problems);
    this.#base = base;
    this.#segments = segments;
    this.#first = numberOf(tags, 'EXT-X-MEDIA-SEQUENCE');
    this.target = numberOf(tags, 'EXT-X-TARGETDURATION');
    this.ended = tags.has('EXT-X-ENDLIST');
    this.#canWait = attributesOf(tags, 'EXT-X-SERVER-CONTROL')?.get('CAN-BLOCK-RELOAD') === 'YES';
    if (problems.length > 0 || !(this.#first >= 0) || !(this.target > 0))
      throw new ProtocolError(`no media playlist: ${problems[0] ?? 'numbers are missing'}`);
  }

  /** Where one begins who wants what is live: the newest part that decoding can begin with, or the last whole segment. */
  get start(): Place {
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const part = this.#segments[i]!.parts.findLastIndex(({ independent }) => independent);
      if (part >= 0) return { segment: this.#first + i, part };
    }
    const whole = this.#segments.findLastIndex(({ duration }) => duration !== undefined);
    return { segment: this.#first + Math.max(0, whole), part: 0 };
  }

  /** What there is from a place on. */
  from(place: Place): Found {
    const pieces: Piece[] = [];
    let next = place;
    for (const [i, segment] of this.#segments.entries()) {
      const number = this.#first + i;
      if (number < place.segment) continue;
      pieces.push(...this.#piecesOf(segment, number === place.segment ? place.part : 0));
      const isWhole = segment.duration !== undefined;
      next = isWhole ? { segment: number + 1, part: 0 } : { segment: number, part: segment.parts.length };
    }
    return { pieces, next };
  }

  /** Where the playlist is that has what comes at a place: such a request the server answers when that is there. Nothing where it does not wait. */
  waitFor({ segment, part }: Place): string | undefined {
    if (!this.#canWait) return undefined;
    const url = new URL(this.#base);
    url.searchParams.set('_HLS_msn', String(segment));
    url.searchParams.set('_HLS_part', String(part));
    return url.href;
  }

  #piecesOf({ parts, uri, map, tags }: ListedSegment, from: number): Piece[] {
    if (map === undefined) throw new ProtocolError('a segment without an init segment');
    if (tags.has('EXT-X-GAP')) return [];
    const uris =
      parts.length > 0 ? parts.slice(from).map((part) => part.uri!) : uri !== undefined && from === 0 ? [uri] : [];
    const urlOf = (relative: string) => new URL(relative, this.#base).href;
    return uris.map((each) => ({ url: urlOf(each), init: urlOf(map) }));
  }
}
