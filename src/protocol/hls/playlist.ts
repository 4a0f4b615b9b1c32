import { SECOND } from '../../base/clock.ts';
import { masterPlaylist, type Variant } from '../../container/hls/master-playlist.ts';
import {
  type LowLatency,
  mediaPlaylist,
  type RenditionReport,
  type Segment,
} from '../../container/hls/media-playlist.ts';
import { PlaylistText } from './answer.ts';
import type { Feed } from './feed.ts';
import type { History } from './history.ts';
import { partName, segmentName } from './names.ts';
import type { HlsOptions } from './options.ts';
import type { Container } from './packaging.ts';
import type { Shelf } from './shelf.ts';
import type { ShelvedSegment } from './shelved.ts';

/** Parts are listed of so many segments at most, the one that is being made included. */
const SEGMENTS_WITH_PARTS = 4;

/** Writes the media playlists of a shelf; viewers who ask for the same at the same time are given the same bytes. */
export class Playlists {
  readonly #shelf: Shelf;
  readonly #container: Container;
  readonly #options: HlsOptions;
  readonly #reports: () => readonly RenditionReport[];
  readonly #history: History | undefined;
  /** What was asked for since the last change: the playlist, and the one that leaves out what players have. */
  readonly #written = new Map<boolean, PlaylistText>();
  #version = -1;

  /** `reports` tells of the other renditions; the segments of `history` come before those of the shelf. */
  constructor(
    shelf: Shelf,
    container: Container,
    options: HlsOptions,
    reports: () => readonly RenditionReport[],
    history?: History,
  ) {
    this.#history = history;
    this.#shelf = shelf;
    this.#container = container;
    this.#options = options;
    this.#reports = reports;
  }

  /** The playlist as of now; `delta` as in `mediaPlaylist`. */
  write(delta: boolean): PlaylistText {
    if (this.#version !== this.#shelf.version) this.#written.clear();
    this.#version = this.#shelf.version;
    let text = this.#written.get(delta);
    if (!text) this.#written.set(delta, (text = new PlaylistText(this.#media(delta))));
    return text;
  }

  /** The same for one who is to begin at a moment: microseconds since 1970. */
  writeFrom(moment: number): PlaylistText {
    return new PlaylistText(this.#media(false, this.#offsetOf(moment)));
  }

  get #listed(): readonly ShelvedSegment[] {
    const last = this.#history?.told.at(-1);
    return last ? this.#shelf.listedFrom(last.number + 1) : this.#shelf.listed;
  }

  #media(delta: boolean, start?: number): string {
    const { ended } = this.#shelf;
    const listed = this.#listed;
    const targetDuration = targetDurationOf(this.#shelf, this.#options.segment);
    const segments = [...(this.#history?.written ?? []), ...listed.map((each) => segmentOf(each, this.#container))];
    const lowLatency = this.#container === 'fmp4' ? this.#lowLatency(listed) : undefined;
    return mediaPlaylist({ segments, targetDuration, lowLatency, ended, start }, { delta });
  }

  /** How far behind the playlist's beginning a moment is, in microseconds; `undefined` where that has not come yet. */
  #offsetOf(moment: number): number | undefined {
    let offset = 0;
    for (const { time, duration = 0 } of [...(this.#history?.told ?? []), ...this.#listed]) {
      if (moment < time + duration) return offset + Math.max(0, moment - time);
      offset += duration;
    }
    return undefined;
  }

  #lowLatency(listed: readonly ShelvedSegment[]): LowLatency {
    return { partTarget: this.#partTarget(listed), hint: this.#hint(), reports: this.#reports() };
  }

  /** The longest part of late: all but those at the end of a segment are then as long, at a steady frame rate. */
  #partTarget(listed: readonly ShelvedSegment[]): number {
    const parts = listed.slice(-SEGMENTS_WITH_PARTS).flatMap((segment) => segment.parts);
    return parts.reduce((most, { duration }) => Math.max(most, duration), 0) || this.#options.part;
  }

  #hint(): string | undefined {
    const { last } = this.#shelf;
    if (!last || last.gap) return undefined;
    const { stamp, parts, duration } = last;
    // Where the newest one was not made here it is not said that the next one will be.
    if (duration !== undefined && parts.length === 0) return undefined;
    return duration === undefined ? partName(stamp.segment, parts.length) : partName(stamp.segment + 1, 0);
  }
}

/** A segment as playlists tell of it. */
export function segmentOf({ stamp, time, parts, init, duration, gap }: ShelvedSegment, container: Container): Segment {
  return {
    number: stamp.segment,
    discontinuity: stamp.discontinuity,
    uri: segmentName(stamp.segment, container),
    duration,
    parts: parts.map((part, i) => ({ ...part, uri: partName(stamp.segment, i) })),
    init: init?.name,
    time,
    gap: gap && duration !== undefined,
  };
}

/** How long the segments of a shelf are at most, where they are aimed at a length; in microseconds. */
export function targetDurationOf({ longest }: Shelf, segment: number): number {
  return Math.max(segment, inSeconds(longest));
}

/** A target duration is in whole seconds, and rounded ones may not be longer (HLS, 4.4.3.1). */
function inSeconds(longest: number): number {
  return Math.round(longest / SECOND) * SECOND;
}

/** How far a rendition is, for the playlists of the others. */
export function reportOf({ last }: Shelf, uri: string): RenditionReport | undefined {
  if (!last) return undefined;
  const { stamp, parts } = last;
  return { uri, segment: stamp.segment, part: parts.length > 0 ? parts.length - 1 : undefined };
}

/** What a master playlist says of a rendition, by what is known of its newest segments. */
export function variantOf({ shelf, stream }: Pick<Feed, 'shelf' | 'stream'>, uri: string): Variant {
  const known = shelf.listed.filter(({ size }) => size > 0);
  const average = rate(sum(known.map(({ size }) => size)), sum(known.map(lengthOf)));
  const whole = known.filter(({ duration }) => duration !== undefined);
  const most = Math.max(average, ...whole.map(({ size, duration }) => rate(size, duration!)));
  const tracks = shelf.tracks.length > 0 ? shelf.tracks : [...stream.tracks.values()];
  const video = tracks.find((track) => track.kind === 'video');
  const [width, height] = [video?.width ?? 0, video?.height ?? 0];
  const codecs = tracks.map(({ parameter }) => parameter);
  return { uri, bandwidth: most, averageBandwidth: average, codecs, width, height, frameRate: frameRateOf(whole) };
}

/** The master playlist that offers these, the best one first. */
export function writeMaster(variants: readonly Variant[]): PlaylistText {
  return new PlaylistText(masterPlaylist(variants.toSorted((a, b) => b.bandwidth - a.bandwidth)));
}

/** Pictures per second, where any are known of. */
function frameRateOf(segments: readonly ShelvedSegment[]): number | undefined {
  const known = segments.filter(({ pictures }) => pictures > 0);
  const duration = sum(known.map(lengthOf));
  return duration > 0 ? (sum(known.map(({ pictures }) => pictures)) * SECOND) / duration : undefined;
}

/** In microseconds, as far as it is made. */
function lengthOf({ duration, parts }: ShelvedSegment): number {
  return duration ?? sum(parts.map((part) => part.duration));
}

/** Bits per second. */
function rate(bytes: number, duration: number): number {
  return duration > 0 ? Math.ceil((bytes * 8 * SECOND) / duration) : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
