import { RefusedError } from '../../base/errors.ts';
import type { Media } from './answer.ts';
import type { Container } from './packaging.ts';
import type { Shelf } from './shelf.ts';

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
/** The type of segments in each container, for HTTP. */
export const TYPES: Readonly<Record<Container, string>> = { fmp4: 'video/mp4', ts: 'video/mp2t' };

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

/** What was asked for. Throws {@link RefusedError} `not-found` where it is not there (any more). */
export function take(wish: Wish, shelf: Shelf): Media {
  const pieces = wish.kind === 'init' ? listOf(shelf.init(wish.name)) : segmentOf(wish, shelf);
  if (!pieces) throw new RefusedError('not-found', 'this segment is not here, or not any more');
  return { type: TYPES[wish.container], pieces };
}

function segmentOf({ segment, part }: { segment: number; part: number | undefined }, shelf: Shelf) {
  const found = shelf.find(segment);
  if (!found || found.gap) return undefined;
  if (part !== undefined) return listOf(found.parts[part]?.bytes);
  return found.duration === undefined ? undefined : found.parts.map(({ bytes }) => bytes);
}

function listOf(bytes: Uint8Array | undefined): readonly Uint8Array[] | undefined {
  return bytes && [bytes];
}
