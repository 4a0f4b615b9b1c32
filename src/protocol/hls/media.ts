import { RefusedError } from '../../base/errors.ts';
import { Media } from './answer.ts';
import type { Container } from './packaging.ts';
import type { Init, Shelf, ShelvedPart, ShelvedSegment } from './shelf.ts';

/** What a name says is asked for. */
export type Wish =
  | { readonly kind: 'init'; readonly container: Container; readonly name: string }
  | {
      readonly kind: 'segment';
      readonly container: Container;
      readonly segment: number;
      readonly part: number | undefined;
    };

const INIT = /^init-[0-9a-f]{16}\.mp4$/;
const SEGMENT = /^(\d{1,15})(?:\.(\d{1,5}))?\.(m4s|ts)$/;
const TYPES: Record<Container, string> = { fmp4: 'video/mp4', ts: 'video/mp2t' };

/** Reads the name of a file; undefined where it is none of ours. */
export function readName(name: string): Wish | undefined {
  if (INIT.test(name)) return { kind: 'init', container: 'fmp4', name };
  const [, segment, part, extension] = SEGMENT.exec(name) ?? [];
  if (segment === undefined || (extension === 'ts' && part !== undefined)) return undefined;
  const container = extension === 'ts' ? 'ts' : 'fmp4';
  return { kind: 'segment', container, segment: Number(segment), part: part === undefined ? undefined : Number(part) };
}

/** Whether something is being made, or about to be, so that it is worth waiting for: a player was told of it. */
export function isComing(wish: Wish, { last, ended }: Shelf): boolean {
  if (wish.kind === 'init' || ended || !last || last.gap) return false;
  const { stamp, parts, duration } = last;
  const { segment, part } = wish;
  if (duration === undefined) return segment === stamp.segment && (part === undefined || part === parts.length);
  return segment === stamp.segment + 1 && part === 0;
}

/** What was asked for: the same object to all who ask. Throws {@link RefusedError} `not-found` where it is not there (any more). */
export function take(wish: Wish, shelf: Shelf): Media {
  const found = wish.kind === 'init' ? shelf.init(wish.name) : find(wish, shelf);
  if (!found) throw new RefusedError('not-found', 'this segment is not here, or not any more');
  let media = known.get(found);
  if (!media) known.set(found, (media = new Media(TYPES[wish.container], piecesOf(found))));
  return media;
}

/** As long as what it is made of is there. */
const known = new WeakMap<Init | ShelvedPart | ShelvedSegment, Media>();

function find({ segment, part }: { segment: number; part: number | undefined }, shelf: Shelf) {
  const found = shelf.find(segment);
  if (!found || found.gap) return undefined;
  if (part !== undefined) return found.parts[part];
  return found.duration === undefined ? undefined : found;
}

function piecesOf(found: Init | ShelvedPart | ShelvedSegment): readonly Uint8Array[] {
  return 'parts' in found ? found.parts.map(({ bytes }) => bytes) : [found.bytes];
}
