import type { Parser } from '../../../base/decoder.ts';
import { exactly, peek, upTo } from '../../../base/decoder.ts';
import { ProtocolError, RefusedError } from '../../../base/errors.ts';
import { Slab } from '../../../base/slab.ts';
import type { ChunkLimits, Memory } from './chunk-stream.ts';
import { ChunkStream } from './chunk-stream.ts';
import { readControl } from './control.ts';
import type { RtmpMessage } from './message.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** For a peer that has not been let in yet. */
export const STRANGER_LIMITS: Readonly<ChunkLimits> = {
  chunkStreams: 16,
  mediaBytes: 64 * KIB,
  otherBytes: 64 * KIB,
  partialBytes: 128 * KIB,
};

/** For a peer that may publish. */
export const PUBLISHER_LIMITS: Readonly<ChunkLimits> = {
  chunkStreams: 64,
  mediaBytes: 10 * MIB,
  otherBytes: 64 * KIB,
  partialBytes: 16 * MIB,
};

/** The chunk size until another is set (RTMP 1.0, 5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;
/** Smaller chunks are refused: they cost many times their worth in work. Larger than any message they do no harm. */
const SMALLEST_CHUNK_SIZE = 128;

const LARGEST_CHUNK_SIZE = 0x7fff_ffff;
/** The length of the message header by chunk type (RTMP 1.0, 5.3.1.2). */
const HEADER_BYTES = [11, 7, 3] as const;

/**
 * Reads chunks and yields whole messages (RTMP 1.0, 5.3). Set Chunk Size and Abort, which change how chunks are read,
 * are obeyed here and not yielded.
 */
export function* readChunks(limits: Readonly<ChunkLimits>): Parser<RtmpMessage> {
  const memory: Memory = { limits, slab: new Slab(), partial: 0 };
  const streams = new Map<number, ChunkStream>();
  let chunkSize = DEFAULT_CHUNK_SIZE;
  for (;;) {
    const first = (yield exactly(1))[0];
    const format = first >> 6;
    let id = first & 0x3f;
    if (id < 2) id = longId(yield exactly(id + 1));
    const stream = streams.get(id) ?? open(streams, id, format, memory);

    if (format < 3) stream.header(format, yield exactly(HEADER_BYTES[format]));
    if (stream.extended) {
      if (format < 3) stream.extend(u32(yield exactly(4)));
      // Of chunks of type 3, FFmpeg and librtmp repeat the extended timestamp, some encoders leave it out.
      else if (stream.repeats(u32(yield peek(4)))) yield exactly(4);
    }
    if (!stream.busy) stream.begin(format);
    for (let left = Math.min(chunkSize, stream.missing); left > 0; ) {
      const bytes = yield upTo(left);
      stream.fill(bytes);
      left -= bytes.length;
    }
    if (stream.missing > 0) continue;

    const message = stream.finish();
    const control = message.type < 3 ? readControl(message) : undefined;
    if (control?.kind === 'set-chunk-size') chunkSize = checkChunkSize(control.size);
    else if (control?.kind === 'abort') streams.get(control.chunkStreamId)?.abort();
    else yield message;
  }
}

function open(streams: Map<number, ChunkStream>, id: number, format: number, memory: Memory): ChunkStream {
  // librtmp begins a chunk stream with type 1 to answer a ping; types 2 and 3 do not even tell a length.
  if (format > 1) throw new ProtocolError(`chunk stream ${id} begins with a chunk of type ${format}`);
  if (streams.size >= memory.limits.chunkStreams)
    throw new RefusedError('limit', `more than ${streams.size} chunk streams`);
  const stream = new ChunkStream(id, memory);
  streams.set(id, stream);
  return stream;
}

/** RTMP 1.0, 5.3.1.1: ids from 64 take one more byte, or two, of which the second counts 256. */
function longId(bytes: Uint8Array): number {
  return 64 + bytes[0] + (bytes.length > 1 ? bytes[1] * 256 : 0);
}

function u32(bytes: Uint8Array): number {
  return ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0;
}

function checkChunkSize(size: number): number {
  if (size > LARGEST_CHUNK_SIZE) throw new ProtocolError(`chunk size ${size}`);
  if (size < SMALLEST_CHUNK_SIZE)
    throw new RefusedError('unsupported', `chunk size ${size} is less than ${SMALLEST_CHUNK_SIZE}`);
  return size;
}
