import { readAttributes } from './attributes.ts';
import type { PlaylistLine } from './lines.ts';

/** An attribute list that was read. */
export type Attributes = ReadonlyMap<string, string>;

/** A part as it is listed. */
export interface ListedPart {
  readonly uri: string | undefined;
  /** In seconds, as all durations here. */
  readonly duration: number;
  readonly independent: boolean;
}

/** A segment as it is listed; the last one may have parts and no URI yet. */
export interface ListedSegment {
  readonly line: number;
  uri: string | undefined;
  duration: number | undefined;
  readonly parts: ListedPart[];
  readonly tags: Map<string, string>;
  /** The init segment that holds for it. */
  map: string | undefined;
  discontinuities: number;
}

/** Everything that a media playlist says. */
export interface Listed {
  readonly segments: readonly ListedSegment[];
  /** The tags that hold for the whole playlist, and those at its end. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
}

const SEGMENT_TAGS = new Set([
  'EXTINF',
  'EXT-X-DISCONTINUITY',
  'EXT-X-MAP',
  'EXT-X-PROGRAM-DATE-TIME',
  'EXT-X-GAP',
  'EXT-X-BYTERANGE',
  'EXT-X-PART',
]);
/** What the lines of a media playlist say; what is no playlist at all goes to `problems`, in words. */
export function collect(lines: readonly PlaylistLine[], problems: string[]): Listed {
  const segments: ListedSegment[] = [];
  const tags = new Map<string, string[]>();
  let open: ListedSegment | undefined;
  for (const { number, tag, value } of lines) {
    if (tag === undefined) {
      if (open?.duration === undefined) problems.push(`line ${number}: a URI without EXTINF`);
      else segments.push({ ...open, uri: value });
      open = undefined;
    } else if (SEGMENT_TAGS.has(tag)) {
      open ??= emptySegment(number, segments.at(-1)?.map);
      problems.push(...addTag(open, tag, value).map((text) => `line ${number}: ${text}`));
    } else tags.set(tag, [...(tags.get(tag) ?? []), value]);
  }
  if (open?.duration !== undefined) problems.push(`line ${open.line}: EXTINF without a URI`);
  if (open) segments.push(open);
  return { segments, tags };
}

function emptySegment(line: number, map: string | undefined): ListedSegment {
  return { line, uri: undefined, duration: undefined, parts: [], tags: new Map(), map, discontinuities: 0 };
}

function addTag(segment: ListedSegment, tag: string, value: string): string[] {
  const isRepeated = segment.tags.has(tag);
  segment.tags.set(tag, value);
  if (tag === 'EXT-X-DISCONTINUITY') segment.discontinuities++;
  else if (tag === 'EXT-X-PART') return addPart(segment, readAttributes(value));
  else if (isRepeated) return [`a second ${tag}`];
  else if (tag === 'EXTINF') return addDuration(segment, value);
  else if (tag === 'EXT-X-MAP') {
    segment.map = readAttributes(value)?.get('URI');
    if (segment.map === undefined) return ['EXT-X-MAP without URI'];
  }
  return [];
}

function addDuration(segment: ListedSegment, value: string): string[] {
  const match = /^(\d+(?:\.\d+)?),/.exec(value);
  segment.duration = Number(match?.[1] ?? 0);
  return match ? [] : [`EXTINF of ${value}`];
}

function addPart(segment: ListedSegment, attributes: Attributes | undefined): string[] {
  const duration = Number(attributes?.get('DURATION') ?? Number.NaN);
  const uri = attributes?.get('URI');
  segment.parts.push({ uri, duration, independent: attributes?.get('INDEPENDENT') === 'YES' });
  return uri !== undefined && duration > 0 ? [] : ['EXT-X-PART without URI or duration'];
}

/** In seconds, as far as it is made. */
export function lengthOf({ duration, parts }: ListedSegment): number {
  return duration ?? lengthOfParts(parts);
}

/** In seconds. */
export function lengthOfParts(parts: readonly ListedPart[]): number {
  return parts.reduce((sum, { duration }) => sum + duration, 0);
}

/** The number that a tag says; NaN where there is none. */
export function numberOf(tags: Listed['tags'], tag: string): number {
  return Number(tags.get(tag)?.[0] ?? Number.NaN);
}

/** The attributes of a tag, the first of its name. */
export function attributesOf(tags: Listed['tags'], tag: string): Attributes | undefined {
  const value = tags.get(tag)?.[0];
  return value === undefined ? undefined : readAttributes(value);
}
