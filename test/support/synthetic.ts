import { randomBytes } from 'node:crypto';
import { amf0, ecmaArray } from '../../src/container/flv/amf0.ts';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { clip } from './clips.ts';
import { headersOf } from './frames.ts';

/** How a made-up stream of H.264 is to be. Nobody can decode it, everybody can carry it. */
export interface Synthetic {
  readonly frames: number;
  /** Bytes in each frame. */
  readonly size: number;
  /** Frames from key frame to key frame. */
  readonly gop: number;
  /** The first timestamp, and from frame to frame, in milliseconds. */
  readonly start?: number;
  readonly step?: number;
}

const IDR = 0x65;
const NON_IDR = 0x41;

/** The tags of such a stream, metadata and sequence header first. */
export async function synthetic({ frames, size, gop, start = 0, step = 40 }: Synthetic): Promise<FlvTag[]> {
  const { data } = headersOf((await clip('movie')).tags, 'video')[0];
  const header: FlvTag = {
    type: 'video',
    timestamp: start,
    body: Buffer.concat([Uint8Array.of(0x17, 0, 0, 0, 0), data]),
  };
  const rest = Array.from({ length: frames }, (_, i) => frame((start + i * step) % 2 ** 32, size, i % gop === 0));
  return [
    { type: 'script', timestamp: start, body: amf0('onMetaData', ecmaArray({ videocodecid: 7 })) },
    header,
    ...rest,
  ];
}

function frame(timestamp: number, size: number, isKey: boolean): FlvTag {
  const body = randomBytes(10 + size);
  body.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
  body.writeUInt32BE(1 + size, 5);
  body[9] = isKey ? IDR : NON_IDR;
  return { type: 'video', timestamp, body: new Uint8Array(body) };
}
