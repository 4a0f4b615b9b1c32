import { gzipSync } from 'node:zlib';
import { SECOND } from '../../base/clock.ts';
import { masterPlaylist, type Variant } from '../../container/hls/master-playlist.ts';
import {
  type LowLatency,
  mediaPlaylist,
  type RenditionReport,
  type Segment,
} from '../../container/hls/media-playlist.ts';
import type { History } from './history.ts';
import type { HlsOptions } from './options.ts';
import type { Container } from './packaging.ts';
import type { Shelf, ShelvedSegment } from './shelf.ts';

/** A text as it is sent, to however many. */
export class PlaylistText {
  readonly plain: Buffer;
  #zipped: Buffer | undefined;

  constructor(text: string) {
    this.plain = Buffer.from(text);
  }

  get zipped(): Buffer {
    return (this.#zipped ??= gzipSync(this.plain, { level: 4 }));
  }
}

/** The names of every media playlist: of the newest segments, and of all that can be had. */
export const MEDIA_PLAYLIST = 'media.m3u8';
export const WHOLE_PLAYLIST = 'whole.m3u8';
/** Parts are listed of so many segments at most, the one that is being made included. */
const SEGMENTS_WITH_PARTS = 4;
const EXTENSIONS: Record<Container, string> = { fmp4: 'm4s', ts: 'ts' };

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

  /** The whole playlist as of now, for one who is to begin at a moment: microseconds since 1970. */
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
    const { segment } = this.#options;
    const targetDuration = Math.max(segment, inSeconds(this.#shelf.longest));
    const segments = [...(this.#history?.told ?? []), ...listed.map((each) => this.#segment(each))];
    const lowLatency = this.#container === 'fmp4' ? this.#lowLatency(listed) : undefined;
    return mediaPlaylist({ segments, targetDuration, lowLatency, ended, start }, { delta });
  }

  /** How far behind the playlist's beginning a moment is, in microseconds; `undefined` where that has not come yet. */
  #offsetOf(moment: number): number | undefined {
    const told = (this.#history?.told ?? []).map(({ began, duration }) => ({ began, duration }));
    const listed = this.#listed.map(({ time, duration }) => ({ began: time, duration }));
    let offset = 0;
    for (const { began, duration = 0 } of [...told, ...listed]) {
      if (moment < began + duration) return offset + Math.max(0, moment - began);
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
    return duration === undefined ? partName(stamp.segment, parts.length) : partName(stamp.segment + 1, 0);
  }

  #segment({ stamp, time, parts, init, duration, gap }: ShelvedSegment): Segment {
    return {
      number: stamp.segment,
      discontinuity: stamp.discontinuity,
      uri: `${stamp.segment}.${EXTENSIONS[this.#container]}`,
      duration,
      parts: parts.map((part, i) => ({ ...part, uri: partName(stamp.segment, i) })),
      init: init?.name,
      time,
      gap,
    };
  }
}

/** A target duration is in whole seconds, and rounded ones may not be longer (HLS, 4.4.3.1). */
function inSeconds(longest: number): number {
  return Math.round(longest / SECOND) * SECOND;
}

function partName(segment: number, part: number): string {
  return `${segment}.${part}.m4s`;
}

/** How far a rendition is, for the playlists of the others. */
export function reportOf({ last }: Shelf, uri: string): RenditionReport | undefined {
  if (!last) return undefined;
  const { stamp, parts } = last;
  return { uri, segment: stamp.segment, part: parts.length > 0 ? parts.length - 1 : undefined };
}

/** What a master playlist says of a rendition. */
export function variantOf({ listed, tracks }: Shelf, uri: string): Variant {
  const whole = listed.filter(({ duration }) => duration !== undefined);
  const parts = listed.flatMap((segment) => segment.parts);
  const average = rate(sum(parts.map(({ bytes }) => bytes.length)), sum(parts.map(({ duration }) => duration)));
  const most = Math.max(average, ...whole.map(({ bytes, duration }) => rate(bytes, duration!)));
  const video = tracks.find((track) => track.kind === 'video');
  const [width, height] = [video?.width ?? 0, video?.height ?? 0];
  const codecs = tracks.map(({ parameter }) => parameter);
  return { uri, bandwidth: most, averageBandwidth: average, codecs, width, height, frameRate: undefined };
}

/** The master playlist that offers these, the best one first. */
export function writeMaster(variants: readonly Variant[]): PlaylistText {
  return new PlaylistText(masterPlaylist(variants.toSorted((a, b) => b.bandwidth - a.bandwidth)));
}

/** Bits per second. */
function rate(bytes: number, duration: number): number {
  return duration > 0 ? Math.ceil((bytes * 8 * SECOND) / duration) : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
