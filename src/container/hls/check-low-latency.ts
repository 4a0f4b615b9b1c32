import { readAttributes } from './attributes.ts';
import { type Attributes, attributesOf, type Listed, lengthOf, lengthOfParts, numberOf } from './listed.ts';

/** Parts but a segment's last are at least this share of the part target (HLS, 4.4.4.9). */
const SHORTEST_PART = 0.85;
/** Sums of decimal fractions are this exact, in seconds. */
const EXACT = 1e-5;

/** What is wrong with what a media playlist has for low latency, in words. */
export function checkLowLatency(listed: Listed): string[] {
  const rules = [partRule, partSumRule, oldPartRule, controlRule, skipRule, hintRule, reportRule];
  return rules.flatMap((rule) => rule(listed));
}

/** HLS, 4.4.4.9 and 4.4.3.7. */
function partRule({ segments, tags }: Listed): string[] {
  const all = segments.flatMap(({ parts }) => parts);
  const target = Number(attributesOf(tags, 'EXT-X-PART-INF')?.get('PART-TARGET') ?? Number.NaN);
  if (all.length > 0 && !(target > 0)) return ['there are parts, but no PART-TARGET'];
  const long = all.filter(({ duration }) => duration > target + EXACT);
  const inner = segments.flatMap(({ parts }) => parts.slice(0, -1));
  const short = inner.filter(({ duration }) => duration < SHORTEST_PART * target);
  const whole = segments.filter(({ duration, parts }) => duration !== undefined && parts.length > 0);
  const dependent = whole.filter(({ parts }) => !parts.some(({ independent }) => independent));
  return [
    ...long.map(({ uri, duration }) => `part ${uri} takes ${duration} s, the target is ${target} s`),
    ...short.map(({ uri, duration }) => `part ${uri} takes ${duration} s, 85 % of the target is more`),
    ...dependent.map(({ uri }) => `no part of ${uri} is independent`),
  ];
}

/** Rule of ours: parts are the whole of their segment. */
function partSumRule({ segments }: Listed): string[] {
  return segments.flatMap(({ uri, duration, parts }) => {
    const sum = lengthOfParts(parts);
    const isOff = duration !== undefined && parts.length > 0 && Math.abs(sum - duration) > EXACT * parts.length;
    return isOff ? [`the parts of ${uri} take ${sum} s, itself ${duration} s`] : [];
  });
}

/** HLS, 4.4.4.9: parts far from the end are not listed. */
function oldPartRule({ segments, tags }: Listed): string[] {
  const limit = 3 * numberOf(tags, 'EXT-X-TARGETDURATION');
  const problems: string[] = [];
  let left = 0;
  for (const segment of segments.toReversed()) {
    const { uri, parts } = segment;
    if (parts.length > 0 && left > limit) problems.push(`parts of ${uri} are still listed, ${left} s from the end`);
    left += lengthOf(segment);
  }
  return problems;
}

/** HLS, 4.4.3.8. */
function controlRule({ segments, tags }: Listed): string[] {
  const control = attributesOf(tags, 'EXT-X-SERVER-CONTROL');
  const partTarget = Number(attributesOf(tags, 'EXT-X-PART-INF')?.get('PART-TARGET') ?? 0);
  const problems: string[] = [];
  const atLeast = (name: string, least: number, isNeeded: boolean) => {
    const value = control?.get(name);
    const isLow = value === undefined ? isNeeded : Number(value) < least - EXACT;
    if (isLow) problems.push(`${name} is ${value}, not at least ${least}`);
  };
  atLeast('PART-HOLD-BACK', 3 * partTarget, partTarget > 0);
  atLeast('CAN-SKIP-UNTIL', 6 * numberOf(tags, 'EXT-X-TARGETDURATION'), tags.has('EXT-X-SKIP'));
  const hasParts = segments.some(({ parts }) => parts.length > 0);
  if (hasParts && control?.get('CAN-BLOCK-RELOAD') !== 'YES') problems.push('parts without CAN-BLOCK-RELOAD=YES');
  return problems;
}

/** HLS, 4.4.5.2. */
function skipRule({ segments, tags }: Listed): string[] {
  if (!tags.has('EXT-X-SKIP')) return [];
  const skipped = Number(attributesOf(tags, 'EXT-X-SKIP')?.get('SKIPPED-SEGMENTS') ?? 0);
  const problems = skipped > 0 ? [] : ['EXT-X-SKIP skips nothing'];
  const boundary = 6 * numberOf(tags, 'EXT-X-TARGETDURATION');
  const left = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  if (left < boundary - EXACT) problems.push(`only ${left} s are left, the skip boundary is ${boundary} s`);
  return problems;
}

/** HLS, 4.4.5.3. */
function hintRule({ segments, tags }: Listed): string[] {
  const hints = (tags.get('EXT-X-PRELOAD-HINT') ?? []).map(readAttributes);
  const listed = new Set(segments.flatMap(({ parts }) => parts.map(({ uri }) => uri)));
  const problems = hints.length > 1 ? ['more than one EXT-X-PRELOAD-HINT'] : [];
  for (const hint of hints) {
    const uri = hint?.get('URI');
    if (hint?.get('TYPE') !== 'PART' || uri === undefined) problems.push('EXT-X-PRELOAD-HINT without TYPE=PART or URI');
    else if (listed.has(uri)) problems.push(`EXT-X-PRELOAD-HINT of ${uri}, which is there already`);
  }
  return problems;
}

/** HLS, 4.4.5.4. */
function reportRule({ tags }: Listed): string[] {
  const reports = (tags.get('EXT-X-RENDITION-REPORT') ?? []).map(readAttributes);
  const isSound = (report: Attributes | undefined) => report?.has('URI') && /^\d+$/.test(report.get('LAST-MSN') ?? '');
  return reports.filter((report) => !isSound(report)).map(() => 'EXT-X-RENDITION-REPORT without URI or LAST-MSN');
}
