import { RefusedError } from '../../base/errors.ts';
import { Media } from './answer.ts';
import type { Feed } from './feed.ts';
import type { Wish } from './names.ts';
import type { Container } from './packaging.ts';
import type { Shelf } from './shelf.ts';
import type { Init, ShelvedPart } from './shelved.ts';

const TYPES: Record<Container, string> = { fmp4: 'video/mp4', ts: 'video/mp2t' };

/** Whether something is being made, or about to be, so that it is worth waiting for: a player was told of it. */
export function isComing(wish: Wish, { last, ended }: Shelf): boolean {
  if (wish.kind === 'init' || ended || !last || last.gap) return false;
  const { stamp, parts, duration } = last;
  const { segment, part } = wish;
  if (duration === undefined) return segment === stamp.segment && (part === undefined || part === parts.length);
  return segment === stamp.segment + 1 && part === 0;
}

/**
 * What was asked for: the same object to all who ask, and a promise where it has to be fetched. Throws {@link RefusedError}
 * `not-found` where nobody has it (any more).
 */
export function take(wish: Wish, feed: Feed): Media | Promise<Media> {
  const media = wish.kind === 'init' ? initOf(wish.name, feed) : segmentOf(wish, feed);
  if (!media) throw absent();
  return media;
}

function initOf(name: string, { shelf, retrieval, history }: Feed): Media | Promise<Media> | undefined {
  const init = shelf.init(name);
  if (init?.bytes) return mediaOf('fmp4', init, [init.bytes]);
  if (init) return retrieval.init(name).then((pieces) => mediaOf('fmp4', pieces, pieces));
  return history.init(name)?.then(ofHistory);
}

function segmentOf(
  { segment, part, container }: { segment: number; part: number | undefined; container: Container },
  { shelf, retrieval, history }: Feed,
): Media | Promise<Media> | undefined {
  const found = shelf.find(segment);
  const isPast = !found || (found.gap && found.duration !== undefined);
  if (isPast && part === undefined && container === 'fmp4') return history.segment(segment)?.then(ofHistory);
  if (!found) return undefined;
  if (part !== undefined) {
    const made = found.parts[part];
    return made && mediaOf(container, made, [made.bytes]);
  }
  shelf.use(found);
  if (found.content) return mediaOf(container, found.content, found.content);
  return found.elsewhere ? retrieval.segment(found).then((pieces) => mediaOf(container, pieces, pieces)) : undefined;
}

function absent(): RefusedError {
  return new RefusedError('not-found', 'this segment is not here, or not any more');
}

function ofHistory(pieces: readonly Uint8Array[] | undefined): Media {
  if (!pieces) throw absent();
  return mediaOf('fmp4', pieces, pieces);
}

/** By what it is made of, as long as that is there. */
const known = new WeakMap<Init | ShelvedPart | readonly Uint8Array[], Media>();

function mediaOf(
  container: Container,
  of: Init | ShelvedPart | readonly Uint8Array[],
  pieces: readonly Uint8Array[],
): Media {
  let media = known.get(of);
  if (!media) known.set(of, (media = new Media(TYPES[container], pieces)));
  return media;
}
