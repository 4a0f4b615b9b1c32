import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { attributeList, quoted, seconds } from './attributes.ts';

/** A part of a segment, for low latency. */
export interface Part {
  readonly uri: string;
  /** In microseconds. */
  readonly duration: number;
  /** Whether decoding can begin here. */
  readonly independent: boolean;
}

/** A part of a file, in bytes. */
interface Range {
  readonly at: number;
  readonly size: number;
}

/** A segment as a playlist tells of it. */
export interface Segment {
  /** As its stamp has it: the same on every node. */
  readonly number: number;
  /** Its discontinuity sequence number, of its stamp too. */
  readonly discontinuity: number;
  readonly uri: string;
  /** Where it stands in what is found there, if that is more. */
  readonly range?: Range | undefined;
  /** In microseconds; undefined while the segment is being made, which only the last one is. */
  readonly duration: number | undefined;
  /** Those that are still offered; empty where only the whole is. */
  readonly parts: readonly Part[];
  /** Where its init segment is; undefined for MPEG-TS. */
  readonly init: string | undefined;
  /** Where that stands in what is found there, if that is more. */
  readonly initRange?: Range | undefined;
  /** The wall clock at its first frame, in microseconds since 1970. */
  readonly time: number | undefined;
  /** Whether this node has a hole in it: it is listed, but not to be had. */
  readonly gap: boolean;
}

/** What low latency needs besides parts. */
export interface LowLatency {
  /** How long the longest part may be, in microseconds. */
  readonly partTarget: number;
  /** Where the next part will be. */
  readonly hint: string | undefined;
  /** How far the other renditions of the stream are, by the URI of their playlists. */
  readonly reports: readonly RenditionReport[];
}

/** The newest segment and part that another rendition's playlist has. */
export interface RenditionReport {
  readonly uri: string;
  readonly segment: number;
  /** Counted from 0. */
  readonly part: number | undefined;
}

/** A media playlist. The segments' numbers go up by one. */
export interface MediaPlaylist {
  readonly segments: readonly Segment[];
  /** How long segments are at most, in microseconds; longer ones raise it, which players do not like. */
  readonly targetDuration: number;
  readonly lowLatency: LowLatency | undefined;
  /** Whether no segment will follow: then all are whole. */
  readonly ended: boolean;
  /** Where players are to begin, in microseconds behind the first segment's beginning; they choose where it is absent. */
  readonly start?: number | undefined;
  /** Whether nothing will ever change, or segments will only be added; absent where neither is so. */
  readonly type?: 'VOD' | 'EVENT' | undefined;
}

/** In target durations: how far from the end parts are still listed, and from where on segments may be skipped (HLS, 4.4.3.8 and 4.4.4.9). */
const PARTS_LISTED = 3;
const SKIP_BOUNDARY = 6;
/** In part targets: how far from the end players stay (HLS, 4.4.3.8). */
const PART_HOLD_BACK = 3;

/** The playlist as text (draft-pantos-hls-rfc8216bis, 4.4.3 and 4.4.4). `delta`: without what the player has seen, where that is worth it. */
export function mediaPlaylist(playlist: MediaPlaylist, { delta = false } = {}): string {
  const { segments, lowLatency, ended } = playlist;
  const target = targetDuration(playlist);
  const whole = lengthOfAll(segments);
  const skipped = delta && lowLatency && !ended ? skippable(segments, whole - SKIP_BOUNDARY * target * SECOND) : 0;
  const lines = head(playlist, target, skipped);
  // What is skipped tells of discontinuities, but init segments are named again.
  let before: Segment | undefined = skipped > 0 ? { ...segments[skipped - 1]!, init: undefined } : undefined;
  let left = lengthOfAll(segments.slice(skipped));
  for (const segment of segments.slice(skipped)) {
    const isRecent = lowLatency !== undefined && left <= PARTS_LISTED * target * SECOND;
    lines.push(...segmentLines(segment, before, isRecent ? segment.parts : []));
    left -= lengthOf(segment);
    before = segment;
  }
  lines.push(...tail(playlist));
  return `${lines.join('\n')}\n`;
}

function head({ segments, lowLatency, start, type }: MediaPlaylist, target: number, skipped: number): string[] {
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${version(segments, lowLatency)}`, '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (type) lines.push(`#EXT-X-PLAYLIST-TYPE:${type}`);
  if (start !== undefined) lines.push(`#EXT-X-START:TIME-OFFSET=${seconds(start)}`);
  lines.push(`#EXT-X-TARGETDURATION:${target}`);
  if (lowLatency) {
    const control = {
      'CAN-BLOCK-RELOAD': 'YES',
      'PART-HOLD-BACK': seconds(PART_HOLD_BACK * lowLatency.partTarget),
      'CAN-SKIP-UNTIL': SKIP_BOUNDARY * target,
    };
    lines.push(`#EXT-X-SERVER-CONTROL:${attributeList(control)}`);
    lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(lowLatency.partTarget)}`);
  }
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${segments[0]?.number ?? 0}`);
  lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${segments[0]?.discontinuity ?? 0}`);
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  return lines;
}

/** What the tags in use require (HLS, 8). */
function version(segments: readonly Segment[], lowLatency: LowLatency | undefined): number {
  if (lowLatency) return 9;
  return segments.some(({ gap }) => gap) ? 8 : 6;
}

/** In whole seconds: no segment, rounded, is longer (HLS, 4.4.3.1). */
function targetDuration({ segments, targetDuration: least }: MediaPlaylist): number {
  const longest = segments.reduce((most, segment) => Math.max(most, Math.round(lengthOf(segment) / SECOND)), 1);
  return Math.max(longest, Math.ceil(least / SECOND));
}

/** How many segments end before `boundary`, counted in microseconds from the first one's beginning. */
function skippable(segments: readonly Segment[], boundary: number): number {
  let end = 0;
  let count = 0;
  for (const segment of segments) {
    end += lengthOf(segment);
    if (end > boundary) break;
    count++;
  }
  return count;
}

function segmentLines(segment: Segment, before: Segment | undefined, parts: readonly Part[]): string[] {
  const { uri, range, duration, init, initRange, time, gap, discontinuity } = segment;
  if (duration === undefined && parts.length === 0) return [];
  const lines = new Array<string>(discontinuity - (before?.discontinuity ?? discontinuity)).fill(
    '#EXT-X-DISCONTINUITY',
  );
  if (init !== undefined && init !== before?.init) {
    const attributes = { URI: quoted(init), BYTERANGE: initRange && quoted(rangeText(initRange)) };
    lines.push(`#EXT-X-MAP:${attributeList(attributes)}`);
  }
  if (time !== undefined) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(time / MILLISECOND).toISOString()}`);
  for (const part of parts) lines.push(partLine(part));
  if (gap) lines.push('#EXT-X-GAP');
  if (duration !== undefined) {
    lines.push(`#EXTINF:${seconds(duration)},`);
    if (range) lines.push(`#EXT-X-BYTERANGE:${rangeText(range)}`);
    lines.push(uri);
  }
  return lines;
}

/** HLS, 4.4.4.2. */
function rangeText({ at, size }: Range): string {
  return `${size}@${at}`;
}

function partLine({ uri, duration, independent }: Part): string {
  const attributes = { DURATION: seconds(duration), URI: quoted(uri), INDEPENDENT: independent ? 'YES' : undefined };
  return `#EXT-X-PART:${attributeList(attributes)}`;
}

function tail({ lowLatency, ended }: MediaPlaylist): string[] {
  if (ended) return ['#EXT-X-ENDLIST'];
  const { hint, reports } = lowLatency ?? { hint: undefined, reports: [] };
  const lines = hint === undefined ? [] : [`#EXT-X-PRELOAD-HINT:TYPE=PART,URI=${quoted(hint)}`];
  for (const { uri, segment, part } of reports) {
    const attributes = { URI: quoted(uri), 'LAST-MSN': segment, 'LAST-PART': part };
    lines.push(`#EXT-X-RENDITION-REPORT:${attributeList(attributes)}`);
  }
  return lines;
}

/** In microseconds, as far as they are made. */
function lengthOfAll(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
}

function lengthOf({ duration, parts }: Segment): number {
  return duration ?? parts.reduce((sum, part) => sum + part.duration, 0);
}
