import { MILLISECOND } from '../../base/clock.ts';
import { exactly, type Parser } from '../../base/decoder.ts';
import { ProtocolError } from '../../base/errors.ts';

/** What a tag holds. */
export type FlvTagType = 'audio' | 'video' | 'script';

/** One tag of an FLV stream; it owns its body. */
export interface FlvTag {
  readonly type: FlvTagType;
  /** In milliseconds, 32 bits. */
  readonly timestamp: number;
  readonly body: Uint8Array;
}

/** The largest body that {@link readFlv} takes, in bytes. */
export const MAX_TAG_BODY = 10 * 1024 * 1024;

const FILE_HEADER = 9;
const MAX_FILE_HEADER = 1024;
const TAG_HEADER = 11;
const PREVIOUS_TAG_SIZE = 4;
const TYPE_IDS: Record<FlvTagType, number> = { audio: 8, video: 9, script: 18 };
const TYPES = new Map(Object.entries(TYPE_IDS).map(([type, id]) => [id, type as FlvTagType]));
const ENCRYPTED = 0x20;

/** Microseconds as the milliseconds of FLV and RTMP, rounded. */
export function toMilliseconds(microseconds: number): number {
  return Math.round(microseconds / MILLISECOND);
}

/** What an FLV stream begins with: its header and PreviousTagSize0 (FLV 10.1, E.2 and E.3). */
export function flvHeader(hasAudio: boolean, hasVideo: boolean): Uint8Array {
  const flags = (hasAudio ? 4 : 0) | (hasVideo ? 1 : 0);
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, FILE_HEADER, 0, 0, 0, 0);
}

/** A tag whose body is `head` and `data` one after the other, with its PreviousTagSize (FLV 10.1, E.4.1). */
export function flvTag(type: FlvTagType, timestampMs: number, head: Uint8Array, data: Uint8Array): Uint8Array {
  const size = head.length + data.length;
  const tag = new Uint8Array(TAG_HEADER + size + PREVIOUS_TAG_SIZE);
  const time = timestampMs >>> 0;
  tag[0] = TYPE_IDS[type];
  tag[1] = size >>> 16;
  tag[2] = size >>> 8;
  tag[3] = size;
  tag[4] = time >>> 16;
  tag[5] = time >>> 8;
  tag[6] = time;
  tag[7] = time >>> 24;
  tag.set(head, TAG_HEADER);
  tag.set(data, TAG_HEADER + head.length);
  const end = TAG_HEADER + size;
  tag[end] = end >>> 24;
  tag[end + 1] = end >>> 16;
  tag[end + 2] = end >>> 8;
  tag[end + 3] = end;
  return tag;
}

/** Reads an FLV stream from its header on; tags of types unknown are left out (FLV 10.1, E.2 to E.4.1). */
export function* readFlv(): Parser<FlvTag> {
  yield* readFileHeader();
  yield exactly(PREVIOUS_TAG_SIZE);
  for (;;) {
    const header = yield exactly(TAG_HEADER);
    const id = header[0]!;
    if (id & ENCRYPTED) throw new ProtocolError('FLV tag is encrypted');
    const type = TYPES.get(id & 31);
    const size = uint24(header, 1);
    if (size > MAX_TAG_BODY) throw new ProtocolError(`FLV tag of ${size} bytes`);
    const timestamp = ((header[7]! << 24) | uint24(header, 4)) >>> 0;
    const body = yield exactly(size);
    if (type !== undefined) yield { type, timestamp, body: body.slice() };
    yield exactly(PREVIOUS_TAG_SIZE);
  }
}

function* readFileHeader(): Parser<FlvTag> {
  const header = yield exactly(FILE_HEADER);
  if (header[0] !== 0x46 || header[1] !== 0x4c || header[2] !== 0x56) throw new ProtocolError('FLV signature expected');
  const length = header[5]! * 2 ** 24 + uint24(header, 6);
  if (length < FILE_HEADER || length > MAX_FILE_HEADER) throw new ProtocolError(`FLV header of ${length} bytes`);
  yield exactly(length - FILE_HEADER);
}

function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}
