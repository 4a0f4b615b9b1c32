import { readFile } from 'node:fs/promises';
import { Decoder, exactly, type Parser } from '../../src/base/decoder.ts';
import { type FlvTag, type FlvTagType, flvHeader, flvTag } from '../../src/container/flv/tag.ts';

const TYPES: Readonly<Record<number, FlvTagType>> = { 8: 'audio', 9: 'video', 18: 'script' };
const NOTHING = new Uint8Array(0);

/** Reads an FLV file and takes nothing that is not exactly as FLV 10.1, E.2 to E.4.1, has it. */
function* strictFlv(): Parser<FlvTag> {
  const start = Buffer.from(yield exactly(13));
  if (start.toString('latin1', 0, 4) !== 'FLV\x01' || start.readUInt32BE(5) !== 9)
    throw new Error(`no FLV header: ${start.toString('hex')}`);
  if (start.readUInt32BE(9) !== 0) throw new Error('PreviousTagSize0 is not 0');
  for (;;) {
    const head = Buffer.from(yield exactly(11));
    const type = TYPES[head[0]];
    if (type === undefined || head.readUIntBE(8, 3) !== 0) throw new Error(`no FLV tag: ${head.toString('hex')}`);
    const timestamp = head.readUIntBE(4, 3) + head[7] * 2 ** 24;
    const body = new Uint8Array(yield exactly(head.readUIntBE(1, 3)));
    const previous = Buffer.from(yield exactly(4)).readUInt32BE(0);
    if (previous !== 11 + body.length)
      throw new Error(`PreviousTagSize ${previous} after a tag of ${body.length} bytes`);
    yield { type, timestamp, body };
  }
}

/** Hands every whole tag to `take` as its bytes arrive. */
export function flvReceiver(take: (tag: FlvTag) => void): (bytes: Uint8Array) => void {
  const decoder = new Decoder(strictFlv());
  return (bytes) => {
    decoder.push(bytes);
    for (let tag = decoder.next(); tag; tag = decoder.next()) take(tag);
  };
}

/** The tags of an FLV file. Throws when its framing is broken; a tag that is cut off at its end is left out. */
export async function readTags(file: string): Promise<FlvTag[]> {
  const tags: FlvTag[] = [];
  flvReceiver((tag) => tags.push(tag))(await readFile(file));
  return tags;
}

/** An FLV file of these tags. */
export function flvFile(tags: readonly FlvTag[]): Uint8Array {
  const has = (type: FlvTagType) => tags.some((tag) => tag.type === type);
  return Buffer.concat([
    flvHeader(has('audio'), has('video')),
    ...tags.map((tag) => flvTag(tag.type, tag.timestamp, NOTHING, tag.body)),
  ]);
}
