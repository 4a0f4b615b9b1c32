import { checkLowLatency } from './check-low-latency.ts';
import type { PlaylistLine } from './lines.ts';
import { attributesOf, collect, type Listed, lengthOf, numberOf } from './listed.ts';

const FEATURE_VERSIONS: Record<string, number> = { 'EXT-X-MAP': 6, 'EXT-X-GAP': 8, 'EXT-X-SKIP': 9 };
/** Dates are by the clock of the ingest, durations by the stream's: so far, in seconds, may they be apart. */
const DATE_TOLERANCE = 0.5;
const RANGE = /^\d+@\d+$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** What is wrong with a media playlist, in words. */
export function checkMedia(lines: readonly PlaylistLine[]): string[] {
  const problems: string[] = [];
  const listed = collect(lines, problems);
  const rules = [
    headRule,
    startRule,
    versionRule,
    durationRule,
    uriRule,
    rangeRule,
    mapRule,
    dateRule,
    checkLowLatency,
    endRule,
  ];
  return [...problems, ...rules.flatMap((rule) => rule(listed))];
}

function headRule({ tags }: Listed): string[] {
  const once = ['EXTM3U', 'EXT-X-VERSION', 'EXT-X-TARGETDURATION'];
  const atMostOnce = ['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE', 'EXT-X-SKIP', 'EXT-X-PART-INF'];
  const numbers = ['EXT-X-VERSION', 'EXT-X-TARGETDURATION', 'EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE'];
  const count = (tag: string) => tags.get(tag)?.length ?? 0;
  return [
    ...once.filter((tag) => count(tag) !== 1).map((tag) => `${tag} stands there ${count(tag)} times`),
    ...atMostOnce.filter((tag) => count(tag) > 1).map((tag) => `${tag} stands there ${count(tag)} times`),
    ...numbers
      .filter((tag) => tags.get(tag)?.some((value) => !/^\d+$/.test(value)))
      .map((tag) => `${tag} is no number`),
  ];
}

/** HLS, 4.4.2.2: one starts within the playlist. */
function startRule({ segments, tags }: Listed): string[] {
  if (!tags.has('EXT-X-START')) return [];
  const text = attributesOf(tags, 'EXT-X-START')?.get('TIME-OFFSET');
  const length = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  const isWithin = text !== undefined && /^-?\d+(\.\d+)?$/.test(text) && Math.abs(Number(text)) <= length;
  return isWithin ? [] : [`EXT-X-START at ${text} of ${length} s`];
}

/** HLS, 8. */
function versionRule({ segments, tags }: Listed): string[] {
  const version = numberOf(tags, 'EXT-X-VERSION');
  const isUsed = (tag: string) => tags.has(tag) || segments.some((segment) => segment.tags.has(tag));
  const tooNew = Object.entries(FEATURE_VERSIONS).filter(([tag, least]) => version < least && isUsed(tag));
  return tooNew.map(([tag, least]) => `${tag} needs version ${least}, not ${version}`);
}

/** HLS, 4.4.3.1. */
function durationRule({ segments, tags }: Listed): string[] {
  const target = numberOf(tags, 'EXT-X-TARGETDURATION');
  const long = segments.filter(({ duration = 0 }) => Math.round(duration) > target);
  return long.map(({ uri, duration }) => `${uri} takes ${duration} s, the target is ${target} s`);
}

/** Rule of ours: one URI, or one range of it, one content. */
function uriRule({ segments }: Listed): string[] {
  const all = segments.flatMap(({ uri, parts, tags }) => {
    const range = tags.get('EXT-X-BYTERANGE');
    return [range === undefined ? uri : `${uri} ${range}`, ...parts.map((part) => part.uri)];
  });
  const uris = all.filter((uri) => uri !== undefined);
  return uris.filter((uri, i) => uris.indexOf(uri) < i).map((uri) => `${uri} stands there twice`);
}

/** HLS, 4.4.4.2; rule of ours: ranges say where they begin. */
function rangeRule({ segments }: Listed): string[] {
  const ranges = segments.map(({ tags }) => tags.get('EXT-X-BYTERANGE')).filter((range) => range !== undefined);
  return ranges.filter((range) => !RANGE.test(range)).map((range) => `EXT-X-BYTERANGE is ${range}`);
}

/** HLS, 4.4.4.5: segments of fMP4 need an init segment. */
function mapRule({ segments }: Listed): string[] {
  const withoutMap = segments.filter(
    ({ uri, map }) => map === undefined && /\.(m4s|mp4|m4v|m4a|cmfv)(\?|$)/.test(uri ?? ''),
  );
  return withoutMap.map(({ uri }) => `${uri} has no EXT-X-MAP`);
}

/** HLS, 4.4.4.6; rule of ours: dates follow the durations, but where there is a discontinuity. */
function dateRule({ segments }: Listed): string[] {
  const problems: string[] = [];
  let expected: number | undefined;
  for (const { tags, duration, discontinuities, line } of segments) {
    const text = tags.get('EXT-X-PROGRAM-DATE-TIME');
    const date = text === undefined ? expected : DATE.test(text) ? Date.parse(text) / 1000 : Number.NaN;
    if (date !== undefined && Number.isNaN(date)) problems.push(`line ${line}: EXT-X-PROGRAM-DATE-TIME is ${text}`);
    const isOff = date !== undefined && expected !== undefined && Math.abs(date - expected) > DATE_TOLERANCE;
    if (isOff && discontinuities === 0) problems.push(`line ${line}: the date is ${date - expected!} s off`);
    expected = date === undefined ? undefined : date + (duration ?? 0);
  }
  return problems;
}

/** HLS, 4.4.3.4: what has ended gets no more, and is whole. */
function endRule({ segments, tags }: Listed): string[] {
  if (!tags.has('EXT-X-ENDLIST')) return [];
  const problems = tags.has('EXT-X-PRELOAD-HINT') ? ['EXT-X-PRELOAD-HINT after the end'] : [];
  if (segments.at(-1)?.uri === undefined && segments.length > 0) problems.push('the last segment is not whole');
  return problems;
}
