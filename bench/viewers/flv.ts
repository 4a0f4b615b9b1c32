import { exactly, type Parser } from '../../src/base/decoder.ts';
import { ProtocolError } from '../../src/base/errors.ts';

/** The body of an FLV tag, or of the RTMP message of the same type. `body` is valid until the next one is asked for. */
export interface Tag {
  readonly type: number;
  /** Milliseconds. */
  readonly time: number;
  readonly body: Uint8Array;
}

const KNOWN_TYPES = new Set([8, 9, 18]);
const TAG_HEADER = 11;

/** An FLV file, checked to the byte (Adobe FLV 10.1, E.2 to E.4). */
export function* flvTags(): Parser<Tag> {
  const signature = Buffer.from((yield exactly(13)).slice());
  if (signature.toString('latin1', 0, 4) !== 'FLV\x01') throw new ProtocolError('no FLV header');
  if (signature.readUInt32BE(5) !== 9 || signature.readUInt32BE(9) !== 0) throw new ProtocolError('an odd FLV header');
  for (;;) {
    const head = view(yield exactly(TAG_HEADER));
    const [type, size] = [head.getUint8(0), head.getUint32(0) & 0xffffff];
    const time = (head.getUint32(3) & 0xffffff) + head.getUint8(7) * 0x1000000;
    if (!KNOWN_TYPES.has(type)) throw new ProtocolError(`an FLV tag of type ${type}`);
    if ((head.getUint32(7) & 0xffffff) !== 0) throw new ProtocolError('an FLV tag with a stream id');
    const rest = yield exactly(size + 4);
    const previous = view(rest).getUint32(size);
    if (previous !== TAG_HEADER + size) throw new ProtocolError(`PreviousTagSize ${previous} after ${size} bytes`);
    yield { type, time, body: rest.subarray(0, size) };
  }
}

/** For reading numbers out of a few bytes. */
export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
