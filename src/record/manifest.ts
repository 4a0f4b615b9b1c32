import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Piece } from './wire/piece.ts';

const whole = z.int().nonnegative();
const counted = z.object({ frames: whole, first: z.number(), last: z.number() });
const proof = z.object({ size: whole, hash: z.string() });

/** What can be missing: the publisher was away, frames never reached the recorder, or the disk did not take them. */
const GAPS = ['publisher', 'missed', 'slow', 'disk', 'space'] as const;

const header = z.object({
  recording: z.literal(1),
  /** `vhost/app/name`. */
  stream: z.string(),
  format: z.enum(['fmp4', 'flv', 'ts']),
  /** When its first frame came in: milliseconds since 1970. */
  began: z.number(),
  /** The codecs parameters of the tracks, RFC 6381. */
  codecs: z.array(z.string()),
  /** What the file begins with. */
  opening: proof,
  /** The process that writes it. */
  pid: whole,
});
const fragment = z.object({
  at: whole,
  ...proof.shape,
  /** When its first frame came in: milliseconds since 1970. */
  wall: z.number(),
  /** Whether decoding can begin here. */
  key: z.boolean(),
  video: counted.optional(),
  audio: counted.optional(),
});
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
  /** The length of each of its lines, in bytes, with what it is. */
  readonly lines: readonly { readonly bytes: number; readonly fragment?: Fragment; readonly isEnd: boolean }[];
}

/** The line of a part of a manifest. */
export function manifestLine(part: Header | Fragment | Gap | End): string {
  return `${JSON.stringify(part)}\n`;
}

/** What a piece at this position of the file is to its manifest. */
export function fragmentOf({ bytes, startable, wall, tracks }: Piece, at: number): Fragment {
  return { at, ...proofOf(bytes), wall: Math.round(wall / 1000), key: startable, ...tracks };
}

/** What tells these bytes from all others: their number and their SHA-256, which costs a third of a millisecond for a megabyte. */
export function proofOf(bytes: Uint8Array): { size: number; hash: string } {
  return { size: bytes.length, hash: hash('sha256', bytes, 'base64url') };
}

const part = z.union([fragment, gap, end]);

/** Reads a manifest up to the first line that is damaged or cut off; `undefined` when that is the first one. */
export function readManifest(text: string): Manifest | undefined {
  const [first, ...rest] = wholeLines(text);
  const head = header.safeParse(parse(first));
  if (!head.success) return undefined;
  const lines: Manifest['lines'][number][] = [{ bytes: Buffer.byteLength(first!) + 1, isEnd: false }];
  const [fragments, gaps]: [Fragment[], Gap[]] = [[], []];
  let last: End | undefined;
  for (const line of rest) {
    const { success, data } = part.safeParse(parse(line));
    if (!success) break;
    const bytes = Buffer.byteLength(line) + 1;
    if ('at' in data) fragments.push(data);
    else if ('gap' in data) gaps.push(data);
    else last = data;
    lines.push({ bytes, isEnd: 'end' in data, ...('at' in data && { fragment: data }) });
  }
  return { header: head.data, fragments, gaps, end: last, lines };
}

/** The beginning of a manifest and its end, if the text has both; for lists of many recordings. */
export function readEnds(head: string, tail: string): { header: Header; end: End } | undefined {
  const [first, last] = [wholeLines(head)[0], wholeLines(tail).at(-1)];
  const [begins, ends] = [header.safeParse(parse(first)), end.safeParse(parse(last))];
  return begins.success && ends.success ? { header: begins.data, end: ends.data } : undefined;
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
