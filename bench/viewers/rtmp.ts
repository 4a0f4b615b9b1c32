import { exactly, type Need, type Parser } from '../../src/base/decoder.ts';
import { ProtocolError } from '../../src/base/errors.ts';
import { type Tag, view } from './flv.ts';

const HANDSHAKE = 1536;
const FIRST_CHUNK_SIZE = 128;
const LARGEST_MESSAGE = 1 << 24;
const HEADER_LENGTHS = [11, 7, 3, 0];
const EXTENDED = 0xffffff;

interface ChunkStream {
  time: number;
  delta: number;
  extended: boolean;
  type: number;
  length: number;
  body: Uint8Array;
  filled: number;
}

/** What an RTMP server sends: the handshake, whose S1 is handed to `answer`, then messages (RTMP 1.0, 5.2, 5.3). */
export function* rtmpMessages(answer: (s1: Uint8Array) => void): Parser<Tag> {
  const hello = yield exactly(1 + 2 * HANDSHAKE);
  if (hello[0] !== 3) throw new ProtocolError(`RTMP version ${hello[0]}`);
  answer(hello.slice(1, 1 + HANDSHAKE));
  const streams = new Map<number, ChunkStream>();
  let chunkSize = FIRST_CHUNK_SIZE;
  for (;;) {
    const basic = (yield exactly(1))[0]!;
    const stream = chunkStream(streams, basic & 63);
    yield* chunkHeader(stream, basic >> 6);
    const part = Math.min(chunkSize, stream.length - stream.filled);
    stream.body.set(yield exactly(part), stream.filled);
    stream.filled += part;
    if (stream.filled < stream.length) continue;
    stream.filled = 0;
    if (stream.type === 1) chunkSize = view(stream.body).getUint32(0);
    if (!(chunkSize > 0 && chunkSize <= LARGEST_MESSAGE)) throw new ProtocolError(`chunk size ${chunkSize}`);
    yield { type: stream.type, time: stream.time, body: stream.body };
  }
}

function chunkStream(streams: Map<number, ChunkStream>, id: number): ChunkStream {
  if (id < 2) throw new ProtocolError('a long chunk stream id');
  const body = new Uint8Array(0);
  const known = streams.get(id) ?? { time: 0, delta: 0, extended: false, type: 0, length: 0, body, filled: 0 };
  streams.set(id, known);
  return known;
}

/** RTMP 1.0, 5.3.1.2 and 5.3.1.3. */
function* chunkHeader(stream: ChunkStream, format: number): Generator<Need, void, Uint8Array> {
  const continued = stream.filled > 0;
  if (continued && format !== 3) throw new ProtocolError('a message header inside a message');
  const head = view((yield exactly(HEADER_LENGTHS[format]!)).slice());
  let time = format < 3 ? (head.getUint16(0) << 8) + head.getUint8(2) : stream.delta;
  if (format < 3) stream.extended = time === EXTENDED;
  if (stream.extended) time = view(yield exactly(4)).getUint32(0);
  if (continued) return;
  if (format < 2) [stream.length, stream.type] = [(head.getUint16(3) << 8) + head.getUint8(5), head.getUint8(6)];
  stream.delta = time;
  stream.time = format === 0 ? time : stream.time + time;
  stream.body = new Uint8Array(stream.length);
}
