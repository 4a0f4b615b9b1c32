import { ProtocolError } from '../../../base/errors.ts';
import { type FlvTag, type FlvTagType, flvTag, MAX_TAG_BODY } from '../../../container/flv/tag.ts';

/** The length of a tag's header, in bytes. */
const TAG_HEADER = 11;
const PREVIOUS_TAG_SIZE = 4;
const AUDIO = 8;
const VIDEO = 9;

/** A tag as it travels in RTP: header and body, without the PreviousTagSize that follows it in a file. */
export function bareTag(type: FlvTagType, timestampMs: number, head: Uint8Array, data: Uint8Array): Uint8Array {
  const tag = flvTag(type, timestampMs, head, data);
  return tag.subarray(0, tag.length - PREVIOUS_TAG_SIZE);
}

/** The length that a tag says it has, header included; undefined where no audio or video tag begins. */
export function tagLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < TAG_HEADER || (bytes[0] !== AUDIO && bytes[0] !== VIDEO)) return undefined;
  const streamId = bytes[8]! | bytes[9]! | bytes[10]!;
  const size = (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
  return streamId === 0 && size <= MAX_TAG_BODY ? TAG_HEADER + size : undefined;
}

/** Reads a whole tag, which {@link tagLength} has measured; its body is a view. Throws {@link ProtocolError}. */
export function readTag(tag: Uint8Array): FlvTag {
  if (tagLength(tag) !== tag.length) throw new ProtocolError(`no tag of ${tag.length} bytes`);
  const timestamp = ((tag[7]! << 24) | (tag[4]! << 16) | (tag[5]! << 8) | tag[6]!) >>> 0;
  return { type: tag[0] === AUDIO ? 'audio' : 'video', timestamp, body: tag.subarray(TAG_HEADER) };
}

/** What a tag is to one who begins in the middle. */
export type TagRole = 'header' | 'key-frame' | 'inter-frame' | 'audio';

const KEY_FRAME = 1;
const SEQUENCE_START = 0;
const EX_HEADER = 0x80;
/** Codec ids whose second byte tells a header from a frame: H.264 and H.265. */
const PACKED = [7, 12];

/** Reads as much of a body as tells its role (FLV 10.1, E.4.3.1; E-RTMP v2, "Enhanced Video"). */
export function roleOf({ type, body }: FlvTag): TagRole {
  const [first = 0, second = 0] = body;
  if (type !== 'video') return 'audio';
  const frameType = (first >> 4) & 7;
  if (first & EX_HEADER) {
    if ((first & 15) === SEQUENCE_START) return 'header';
  } else if (PACKED.includes(first & 15) && second === SEQUENCE_START) return 'header';
  return frameType === KEY_FRAME ? 'key-frame' : 'inter-frame';
}
