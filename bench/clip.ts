import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ByteReader } from '../src/base/byte-reader.ts';

/** One frame of a clip: the body of its FLV tag, which is also the body of its RTMP message. */
export interface ClipFrame {
  readonly kind: 'audio' | 'video';
  /** Milliseconds from the start of the clip. */
  readonly time: number;
  readonly keyframe: boolean;
  readonly body: Uint8Array;
}

/** A prepared stream that repeats without a seam: frame `n` of loop `l` is due at `l * duration + frames[n].time`. */
export interface Clip {
  /** Script data, AVC and AAC sequence headers, in this order: the bodies of their tags. */
  readonly headers: { readonly type: number; readonly body: Uint8Array }[];
  readonly frames: ClipFrame[];
}

/** How long one loop of every clip lasts, in milliseconds: 200 video frames, four GOPs, 375 AAC frames of 48 kHz, exactly. */
export const LOOP = 8000;
/** FLV tag types, which are RTMP message types too. */
export const AUDIO = 8;
export const VIDEO = 9;
const SCRIPT = 18;

/** Where clips are kept between runs. */
const CACHE = join(import.meta.dirname, '../node_modules/.cache/headwater-bench');

const VIDEO_FRAMES = 200;
const AUDIO_FRAMES = 375;
const FRAME_MILLISECONDS = 40;
/** In pictures. */
const USUAL_GOP = 50;

/** The clip of that total bit rate, in kbit/s, with so many pictures from key frame to key frame; ffmpeg makes it the first time. */
export function prepareClip(kilobits: number, gop = USUAL_GOP): Clip {
  const file = join(CACHE, `clip-${kilobits}k${gop === USUAL_GOP ? '' : `-${gop}`}.flv`);
  if (!existsSync(file)) makeClip(file, kilobits, gop);
  return readClip(readFileSync(file));
}

function makeClip(file: string, kilobits: number, pictures: number): void {
  mkdirSync(CACHE, { recursive: true });
  const audio = Math.min(96, kilobits / 5);
  const rate = `${kilobits - audio}k`;
  const making = `${file}.${process.pid}.flv`;
  const input = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-f', 'lavfi', '-i', 'anoisesrc=r=48000:a=0.3'];
  const gop = ['-g', `${pictures}`, '-keyint_min', `${pictures}`, '-sc_threshold', '0', '-bf', '0'];
  const constant = ['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-x264-params', 'nal-hrd=cbr'];
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', '-pix_fmt', 'yuv420p', ...gop, ...constant];
  const sound = ['-c:a', 'aac', '-b:a', `${audio}k`, '-ac', '2'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, '-t', '8.2', ...video, ...sound, '-f', 'flv', making]);
  renameSync(making, file);
}

/** Cuts an FLV file into a clip: the first {@link LOOP} milliseconds, on a timeline without gaps. */
function readClip(file: Uint8Array): Clip {
  const tags = readTags(file);
  const isHeader = (tag: Tag): boolean => tag.type === SCRIPT || tag.body[1] === 0;
  const video = tags.filter((tag) => tag.type === VIDEO && tag.body[1] === 1).slice(0, VIDEO_FRAMES);
  const audio = tags.filter((tag) => tag.type === AUDIO && !isHeader(tag)).slice(0, AUDIO_FRAMES);
  if (video.length < VIDEO_FRAMES || audio.length < AUDIO_FRAMES) throw new Error('the clip is too short');
  const frames = [...video.map(videoFrame), ...audio.map(audioFrame)].sort((a, b) => a.time - b.time);
  return { headers: tags.filter(isHeader).slice(0, 3), frames };
}

type Tag = { type: number; body: Uint8Array };

function readTags(file: Uint8Array): Tag[] {
  const reader = new ByteReader(file);
  reader.skip(13);
  const tags: Tag[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    const length = reader.u24();
    reader.skip(7);
    tags.push({ type, body: reader.take(length) });
    reader.skip(4);
  }
  return tags;
}

function videoFrame({ body }: Tag, index: number): ClipFrame {
  const time = index * FRAME_MILLISECONDS;
  return { kind: 'video', time, keyframe: body[0] === 0x17, body: withStamp(body) };
}

function audioFrame({ body }: Tag, index: number): ClipFrame {
  return {
    kind: 'audio',
    time: Math.round((index * LOOP) / AUDIO_FRAMES),
    keyframe: true,
    body: Uint8Array.from(body),
  };
}

// The stamp is an SEI NAL unit of unregistered user data (H.264, D.1.7) before the picture: decoders skip it and servers
// pass it on. All of it is text, so it needs no emulation prevention: a UUID of 16 letters, the frame's number (8 digits,
// hexadecimal), the moment it was written (16; nanoseconds of the machine's monotonic clock), and the checksum of all
// that follows (8).
const UUID = 'headwater-bench.';
const PREFIX = 5;
const SEI = Uint8Array.from([0, 0, 0, 52, 0x06, 5, 48]);
const NUMBER_AT = PREFIX + SEI.length + UUID.length;
const STAMP_LENGTH = SEI.length + 48 + 1;
/** Of a NAL unit of filler data: its length, its type, its end. */
const FILLER_OVERHEAD = 6;

function withStamp(body: Uint8Array): Uint8Array {
  const stamped = new Uint8Array(body.length + STAMP_LENGTH);
  stamped.set(body.subarray(0, PREFIX));
  stamped.set(SEI, PREFIX);
  stamped.set(body.subarray(PREFIX), PREFIX + STAMP_LENGTH);
  stamped[PREFIX + STAMP_LENGTH - 1] = 0x80;
  writeText(stamped, PREFIX + SEI.length, UUID + '0'.repeat(24) + hex(checksum(body.subarray(PREFIX)), 8));
  return stamped;
}

/** Writes number and moment into the stamp of a video frame whose body begins at `offset` of `bytes`. */
export function stamp(bytes: Uint8Array, offset: number, number: number, written = process.hrtime.bigint()): void {
  writeText(bytes, offset + NUMBER_AT, hex(number, 8) + hex(written, 16));
}

/** What the stamp of a video frame says, if it has one. */
export function readStamp(body: Uint8Array): { number: number; written: bigint; intact: boolean } | undefined {
  const text = String.fromCharCode(...body.subarray(NUMBER_AT - UUID.length, NUMBER_AT + 32));
  if (!text.startsWith(UUID)) return undefined;
  const [number, written, sum] = [text.slice(16, 24), text.slice(24, 40), text.slice(40)];
  const intact = checksum(body.subarray(PREFIX + STAMP_LENGTH)) === Number.parseInt(sum, 16);
  return { number: Number.parseInt(number, 16), written: BigInt(`0x${written}`), intact };
}

/** A frame of video made longer by filler data, which decoders skip (H.264, 7.3.2.7); as it is when it is that long already. */
export function lengthened(body: Uint8Array, length: number): Uint8Array {
  const filler = length - body.length - FILLER_OVERHEAD;
  if (filler < 0) return body;
  const bare = new Uint8Array(length - STAMP_LENGTH).fill(0xff);
  bare.set(body.subarray(0, PREFIX));
  bare.set(body.subarray(PREFIX + STAMP_LENGTH), PREFIX);
  const at = body.length - STAMP_LENGTH;
  new DataView(bare.buffer).setUint32(at, filler + 2);
  [bare[at + 4], bare[bare.length - 1]] = [0x0c, 0x80];
  return withStamp(bare);
}

function writeText(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function hex(value: number | bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** FNV-1a of 32 bits. */
function checksum(bytes: Uint8Array): number {
  let sum = 2166136261;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 16777619);
  return sum >>> 0;
}
