import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { FlvTag } from '../../src/container/flv/tag.ts';

/** What a video or audio tag holds, read without the server's own code. */
export interface Packet {
  readonly kind: 'video' | 'audio';
  readonly type: 'header' | 'frame';
  /** The FourCC, or the number of the legacy header. */
  readonly codec: string;
  readonly keyframe: boolean;
  /** In milliseconds. */
  readonly timestamp: number;
  readonly composition: number;
  readonly data: Uint8Array;
}

/** Which times are compared: as they are, or counted from the first one. */
export interface Comparison {
  readonly from?: 'zero' | 'first';
  /** Milliseconds by which a timestamp may be off: some players work in other units. */
  readonly tolerance?: number;
}

const LEGACY_AAC = 10;
const SET_UP = 0;
const FRAME = 1;
const FRAME_WITHOUT_COMPOSITION = 3;

/** What a tag holds for a decoder; nothing for metadata and the like. */
function packetOf(tag: FlvTag): Packet | undefined {
  if (tag.type === 'script') return undefined;
  return tag.type === 'video' ? videoPacket(tag) : audioPacket(tag);
}

/** The frames in these tags, in their order. */
export function framesOf(tags: readonly FlvTag[], kind?: 'video' | 'audio'): Packet[] {
  return packetsOf(tags).filter((packet) => packet.type === 'frame' && (kind === undefined || packet.kind === kind));
}

/** The sequence headers in these tags, in their order. */
export function headersOf(tags: readonly FlvTag[], kind?: 'video' | 'audio'): Packet[] {
  return packetsOf(tags).filter((packet) => packet.type === 'header' && (kind === undefined || packet.kind === kind));
}

/** Fails unless both have the same frames, by kind, with the same data, key frame marks and times. */
export function assertSameFrames(
  actual: readonly FlvTag[],
  expected: readonly FlvTag[],
  comparison: Comparison = {},
): void {
  for (const kind of ['video', 'audio'] as const) {
    const [got, wanted] = [framesOf(actual, kind), framesOf(expected, kind)];
    assert.deepEqual(got.map(content), wanted.map(content), `the ${kind} frames`);
    assertSameTimes(kind, got, wanted, comparison);
  }
}

/** Fails unless the decoding times of each kind go up, or stay, from tag to tag. */
export function assertMonotonic(tags: readonly FlvTag[]): void {
  for (const kind of ['video', 'audio'] as const) {
    const times = packetsOf(tags)
      .filter((packet) => packet.kind === kind)
      .map(({ timestamp }) => timestamp);
    const back = times.findIndex((time, i) => i > 0 && time < times[i - 1]);
    assert.equal(back, -1, `${kind} goes back from ${times[back - 1]} to ${times[back]}`);
  }
}

/** What tells a frame from all others but its time. */
export function content({ keyframe, composition, data }: Packet): string {
  return `${keyframe ? 'key' : 'inter'} +${composition} ${createHash('sha1').update(data).digest('hex').slice(0, 16)}`;
}

function assertSameTimes(
  kind: string,
  actual: readonly Packet[],
  expected: readonly Packet[],
  { from = 'zero', tolerance = 0 }: Comparison,
): void {
  const [start, wantedStart] = from === 'zero' ? [0, 0] : [actual[0]?.timestamp ?? 0, expected[0]?.timestamp ?? 0];
  const off = actual.findIndex(
    ({ timestamp }, i) => Math.abs(timestamp - start - expected[i].timestamp + wantedStart) > tolerance,
  );
  assert.equal(
    off,
    -1,
    `${kind} frame ${off} is at ${actual[off]?.timestamp} - ${start}, not at ${expected[off]?.timestamp} - ${wantedStart}`,
  );
}

function packetsOf(tags: readonly FlvTag[]): Packet[] {
  return tags.map(packetOf).filter((packet) => packet !== undefined);
}

function videoPacket({ timestamp, body }: FlvTag): Packet | undefined {
  const bytes = Buffer.from(body);
  const keyframe = ((bytes[0] >> 4) & 7) === 1;
  const isEnhanced = bytes[0] >= 0x80;
  const packetType = isEnhanced ? bytes[0] & 15 : bytes[1];
  const codec = isEnhanced ? bytes.toString('latin1', 1, 5) : String(bytes[0] & 15);
  const type = typeOf(packetType);
  if (type === undefined) return undefined;
  const hasComposition = !isEnhanced || (codec === 'hvc1' && packetType === FRAME);
  const at = isEnhanced ? 5 : 2;
  const composition = hasComposition ? bytes.readIntBE(at, 3) : 0;
  return {
    kind: 'video',
    type,
    codec,
    keyframe,
    timestamp,
    composition,
    data: body.subarray(hasComposition ? at + 3 : at),
  };
}

function audioPacket({ timestamp, body }: FlvTag): Packet | undefined {
  const common = { kind: 'audio', keyframe: true, timestamp, composition: 0 } as const;
  const format = body[0] >> 4;
  if (format === 9) {
    const type = typeOf(body[0] & 15);
    return type && { ...common, type, codec: Buffer.from(body).toString('latin1', 1, 5), data: body.subarray(5) };
  }
  if (format !== LEGACY_AAC) return { ...common, type: 'frame', codec: String(format), data: body.subarray(1) };
  const type = typeOf(body[1]);
  return type && { ...common, type, codec: String(format), data: body.subarray(2) };
}

function typeOf(packetType: number): Packet['type'] | undefined {
  if (packetType === SET_UP) return 'header';
  return packetType === FRAME || packetType === FRAME_WITHOUT_COMPOSITION ? 'frame' : undefined;
}
