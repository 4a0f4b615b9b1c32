import { hash } from 'node:crypto';
import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import type { Track } from '../media/track.ts';
import type { Piece } from './wire/piece.ts';

const whole = z.int().nonnegative();
const counted = z.object({ frames: whole, first: z.number(), last: z.number() });
const proof = z.object({ size: whole, hash: z.string() });
const stamp = z.object({
  segment: whole,
  discontinuity: whole,
  /** The decoding time of its first frame, and when that came in (since 1970); in microseconds. */
  time: z.number(),
  wall: z.number(),
});
const common = { config: z.base64(), parameter: z.string(), profile: z.string() };
const track = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('video'),
    codec: z.enum(['h264', 'h265', 'av1', 'vp9', 'vp8']),
    width: whole,
    height: whole,
    level: z.string(),
    ...common,
  }),
  z.object({
    kind: z.literal('audio'),
    codec: z.enum(['aac', 'mp3', 'opus', 'flac', 'ac3', 'eac3']),
    sampleRate: whole,
    channels: whole,
    ...common,
  }),
]);

/** What can be missing: the publisher was away, frames never reached the recorder, or the disk did not take them. */
const GAPS = ['publisher', 'missed', 'slow', 'disk', 'space'] as const;

const header = z.object({
  recording: z.literal(1),
  /** `vhost/app/name`. */
  stream: z.string(),
  format: z.enum(['fmp4', 'flv', 'ts']),
  /** When its first frame came in: milliseconds since 1970. */
  began: z.number(),
  /** The wall clock at the stream's time 0, in microseconds since 1970: what agrees in it is of one stream. */
  anchor: z.number(),
  /** Whether it goes on, without a frame between them, where another recording of the stream ended. */
  continues: z.boolean(),
  /** What its frames are frames of; the decoder's configuration in base64. */
  tracks: z.array(track),
  /** What the file begins with. */
  opening: proof,
  /** The process that writes it. */
  pid: whole,
});
const pieces = z.object({
  at: whole,
  ...proof.shape,
  /** When its first frame came in: milliseconds since 1970. */
  wall: z.number(),
  /** Whether decoding can begin here. */
  key: z.boolean(),
  /** The segment that the stream's owner begins here, if it does. */
  stamp: stamp.optional(),
  /** In which order frames came since the last fragment, as `wire/order.ts` writes it. */
  order: z.string(),
  video: counted.optional(),
  audio: counted.optional(),
});
const fragment = pieces.refine(({ video, audio }) => video !== undefined || audio !== undefined);
const gap = z.object({
  gap: z.enum(GAPS),
  /** Decoding times in microseconds, of the last frame before and the first after it. */
  from: z.number(),
  to: z.number(),
  /** How many frames are known to be missing. */
  frames: whole,
});
const end = z.object({
  end: z.enum(['done', 'recovered']),
  /** Of the whole file. */
  size: whole,
  /** Where that was changed when the file was finished. */
  opening: proof.optional(),
  /** When its last fragment came in: milliseconds since 1970. */
  ended: z.number(),
  video: whole,
  audio: whole,
  /** Frames known to be missing. */
  missing: whole,
});

/** The first line of a manifest. */
export type Header = z.infer<typeof header>;
/** A track as a header tells of it. */
export type ToldTrack = z.infer<typeof track>;
/** A piece of the recording. Times are decoding times in microseconds. */
export type Fragment = z.infer<typeof fragment>;
/** Something that is not in the recording. */
export type Gap = z.infer<typeof gap>;
/** The last line of a finished one. */
export type End = z.infer<typeof end>;

/** A manifest as far as it is whole. */
export interface Manifest {
  readonly header: Header;
  readonly fragments: readonly Fragment[];
  readonly gaps: readonly Gap[];
  readonly end: End | undefined;
  /** Its lines, the header's included. */
  readonly lines: readonly ReadLine[];
}

/** What a line of a manifest says. */
export type Part = Header | Fragment | Gap | End;

/** A line of a manifest, and its length in bytes. */
export interface ReadLine {
  readonly bytes: number;
  readonly part: Part;
}

/** The line of a part of a manifest. */
export function manifestLine(part: Part): string {
  return `${JSON.stringify(part)}\n`;
}

/** What a piece at this position of the file is to its manifest. */
export function fragmentOf({ bytes, startable, wall, stamp, order, tracks }: Piece, at: number): Fragment {
  const place = { at, ...proofOf(bytes), wall: Math.round(wall / MILLISECOND), key: startable };
  return { ...place, ...(stamp && { stamp }), order, ...tracks };
}

/** What a header tells of a track. */
export function tellTrack({ config, ...rest }: Track): ToldTrack {
  return { ...rest, config: Buffer.from(config).toString('base64') };
}

/** The track that a header tells of. */
export function trackOf({ config, ...rest }: ToldTrack): Track {
  return { ...rest, config: Uint8Array.from(Buffer.from(config, 'base64')) };
}

/** What tells these bytes from all others: their number and their SHA-256, which costs a third of a millisecond for a megabyte. */
export function proofOf(bytes: Uint8Array): { size: number; hash: string } {
  return { size: bytes.length, hash: hash('sha256', bytes, 'base64url') };
}

const part = z.union([fragment, gap, end]);

/** What a line says, of which the first must be a header and no other may; `undefined` where it is damaged. */
export function readLine(line: string | undefined, isFirst: boolean): Part | undefined {
  return (isFirst ? header : part).safeParse(parse(line)).data;
}

/** Reads a manifest up to the first line that is damaged or cut off; `undefined` when that is the first one. */
export function readManifest(text: string): Manifest | undefined {
  const lines: ReadLine[] = [];
  for (const line of wholeLines(text)) {
    const read = readLine(line, lines.length === 0);
    if (!read) break;
    lines.push({ bytes: Buffer.byteLength(line) + 1, part: read });
  }
  return manifestOf(lines);
}

/** What these lines are together; `undefined` where there is none. */
export function manifestOf(lines: readonly ReadLine[]): Manifest | undefined {
  const [first, ...rest] = lines.map((line) => line.part);
  if (!first) return undefined;
  return {
    header: first as Header,
    fragments: rest.filter((each) => 'at' in each),
    gaps: rest.filter((each) => 'gap' in each),
    end: rest.findLast((each) => 'end' in each),
    lines,
  };
}

/** The beginning of a manifest and its end, if the text has both; for lists of many recordings. */
export function readEnds(head: string, tail: string): { header: Header; end: End } | undefined {
  const [first, last] = [wholeLines(head)[0], wholeLines(tail).at(-1)];
  const [begins, ends] = [header.safeParse(parse(first)).data, end.safeParse(parse(last)).data];
  return begins && ends && { header: begins, end: ends };
}

function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function parse(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return undefined;
  }
}
