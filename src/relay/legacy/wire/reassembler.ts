import { concat } from '../../../base/bytes.ts';
import { type FlvTag, MAX_TAG_BODY } from '../../../container/flv/tag.ts';
import { LARGEST_PAYLOAD } from './packetizer.ts';
import { readTag, roleOf, tagLength } from './tag.ts';

/** One packet's part of a tag. */
export interface Fragment {
  readonly payload: Uint8Array;
  /** Whether it is the tag's last one. */
  readonly marker: boolean;
}

/** Nobody needs more parts for the largest tag. */
const MOST_PARTS = Math.ceil(MAX_TAG_BODY / LARGEST_PAYLOAD) + 1;

/**
 * Puts tags together again from the fragments of one stream, given in order. After a gap audio goes on with the next tag
 * and video with the next key frame, so that what comes out can always be decoded.
 */
export class Reassembler {
  /** Tags that were thrown away because parts of them, or of what they need, are missing or malformed. */
  skipped = 0;
  readonly #parts: Uint8Array[] = [];
  /** How many bytes of the present tag are still to come; 0 between tags, undefined when it is not known where one begins. */
  #missing: number | undefined;
  #needsKeyFrame = true;

  /** The tag that this fragment completes, if it does; the tag owns its memory. */
  push({ payload, marker }: Fragment): FlvTag | undefined {
    // A first fragment looks like one even where nobody knows that it is due.
    if (!this.#missing) this.#begin(payload);
    const isUseless = payload.length === 0 || this.#parts.length === MOST_PARTS;
    if (this.#missing === undefined || isUseless) return this.#skip(marker);
    this.#missing -= payload.length;
    if (this.#missing < 0 || marker !== (this.#missing === 0)) return this.#skip(marker);
    this.#parts.push(payload);
    if (!marker) return undefined;
    const tag = readTag(copyOf(this.#parts));
    this.#parts.length = 0;
    return this.#isDecodable(tag) ? tag : undefined;
  }

  /** Packets are missing here for good. */
  gap(): void {
    this.#forget();
    this.#needsKeyFrame = true;
  }

  #begin(payload: Uint8Array): void {
    this.#missing = tagLength(payload);
  }

  /** Nothing of this tag can be used; after its last fragment the next tag begins. */
  #skip(marker: boolean): undefined {
    this.gap();
    if (!marker) return;
    this.skipped++;
    this.#missing = 0;
  }

  #forget(): void {
    this.#parts.length = 0;
    this.#missing = undefined;
  }

  #isDecodable(tag: FlvTag): boolean {
    const role = roleOf(tag);
    if (role === 'key-frame') this.#needsKeyFrame = false;
    const isLost = role === 'inter-frame' && this.#needsKeyFrame;
    if (isLost) this.skipped++;
    return !isLost;
  }
}

/** In memory of its own: a packet's is not kept. */
function copyOf(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? new Uint8Array(parts[0]!) : concat(parts);
}
