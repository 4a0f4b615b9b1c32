import { MILLISECOND } from '../base/clock.ts';
import { ProtocolError } from '../base/errors.ts';
import { readFragments } from '../container/fmp4/read-fragments.ts';
import type { Past, PastFrames, PastSegment } from '../hub/past.ts';
import type { StreamPath } from '../hub/path.ts';
import { Frame, type Sample, type Stamp } from '../media/frame.ts';
import { type Kind, sameTrack, type Track } from '../media/track.ts';
import { readStretch, type Stretch } from './content.ts';
import type { Point } from './contents.ts';
import { trackOf } from './manifest.ts';
import type { Opened, Shelf } from './shelf.ts';
import { readOrder } from './wire/order.ts';
import type { Begun } from './wire/piece.ts';

/** A larger segment is not read again, in bytes. */
const LARGEST_SEGMENT = 64 * 1024 * 1024;
const NO_DATA = new Uint8Array(0);
/** Segments are read one by one: nobody asks under whom their frames were placed. */
const TENURE = { token: 0, epoch: 0 };

/** A recording of the stream, and what its frames are frames of. */
interface Kept extends Opened {
  readonly id: string;
  readonly tracks: readonly Track[];
}

/** A point of one of the recordings, with where it ends. */
interface Place {
  readonly kept: Kept;
  readonly point: Point;
  readonly stretch: Stretch;
  /** Whether frames are missing between it and the place before. */
  readonly isAfterHole: boolean;
}

/** A segment where it is recorded: it may have begun in one file and have ended in another. */
interface Recorded {
  readonly begun: Begun;
  readonly places: readonly Place[];
  /** With what the next one begins. */
  readonly next: Begun;
  readonly isWhole: boolean;
}

/** What is recorded of one stream, file after file, while it is running: its segments, as the stream's owner has stamped them. */
export class RecordedPast implements Past {
  readonly since: number;
  readonly #shelf: Shelf;
  readonly #path: StreamPath;
  readonly #anchor: number;
  /** The oldest first. */
  #kept: readonly Kept[] = [];

  /** `anchor` is the wall clock at the stream's time 0; something must be recorded of it. */
  constructor(shelf: Shelf, path: StreamPath, anchor: number) {
    const [oldest] = shelf.ofStream(path, anchor);
    this.since = (shelf.find(oldest!)?.began ?? 0) * MILLISECOND;
    this.#shelf = shelf;
    this.#path = path;
    this.#anchor = anchor;
  }

  async segments(): Promise<readonly PastSegment[]> {
    await this.#update();
    return [...this.#recorded()].map(describe);
  }

  async find(segment: number): Promise<PastSegment | undefined> {
    await this.#update();
    const recorded = this.#find(segment);
    return recorded && describe(recorded);
  }

  async frames(segment: number): Promise<PastFrames | undefined> {
    await this.#update();
    const recorded = this.#find(segment);
    if (!recorded?.isWhole) return undefined;
    return read(recorded).catch((error: NodeJS.ErrnoException) => {
      // It was damaged, or removed meanwhile.
      if (error instanceof ProtocolError || error.code !== undefined) return undefined;
      throw error;
    });
  }

  /** Learns which files there are by now. */
  async #update(): Promise<void> {
    const kept: Kept[] = [];
    for (const id of this.#shelf.ofStream(this.#path, this.#anchor)) {
      const each = this.#kept.find((known) => known.id === id) ?? (await this.#open(id, kept));
      if (each) kept.push(each);
    }
    this.#kept = kept;
  }

  /** Tracks of several files that are the same are one object, as in the stream. */
  async #open(id: string, before: readonly Kept[]): Promise<Kept | undefined> {
    const opened = await this.#shelf.open(id);
    if (!opened) return undefined;
    const known = before.flatMap(({ tracks }) => tracks);
    const tracks = opened.header.tracks.map(trackOf);
    return { ...opened, id, tracks: tracks.map((track) => known.find((each) => sameTrack(each, track)) ?? track) };
  }

  #find(segment: number): Recorded | undefined {
    for (const [file, { contents }] of this.#kept.entries()) {
      const point = contents.points.findIndex(({ stamp }) => stamp?.segment === segment);
      if (point >= 0) return this.#recorded(file, point).next().value;
    }
    return undefined;
  }

  /** The segments from a point of a file on that are over, as there is a next one. */
  *#recorded(file = 0, point = 0): Generator<Recorded, undefined> {
    let places: Place[] = [];
    for (const place of this.#places(file, point)) {
      const { stamp } = place.point;
      const begun = places[0]?.point.stamp;
      if (stamp && begun) {
        const isWhole = !place.isAfterHole && !places.some(hasHole);
        yield { begun, places, next: stamp, isWhole };
        places = [];
      }
      if (stamp || begun) places.push(place);
    }
  }

  *#places(file: number, point: number): Generator<Place> {
    for (const [i, kept] of this.#kept.entries()) {
      if (i < file) continue;
      const { points, size } = kept.contents;
      const isCut = !kept.header.continues || this.#kept[i - 1]?.isRecovered === true;
      for (let at = i === file ? point : 0; at < points.length; at++) {
        const stretch = { from: points[at]!.at, to: points[at + 1]?.at ?? size };
        yield { kept, point: points[at]!, stretch, isAfterHole: points[at]!.isAfterHole || (at === 0 && isCut) };
      }
    }
  }
}

/** Whether frames of a segment are missing at a place of it. */
function hasHole({ point, isAfterHole }: Place): boolean {
  return point.hasHole || (isAfterHole && point.stamp === undefined);
}

function describe({ begun, places, next, isWhole }: Recorded): PastSegment {
  const { segment, discontinuity, time, wall } = begun;
  const end = next.discontinuity === discontinuity ? next.time : Math.max(...places.map(({ point }) => point.end));
  const { tracks } = places[0]!.kept;
  return { stamp: { segment, discontinuity }, time: wall, duration: end - time, tracks, gap: !isWhole };
}

/** Reads the frames of a segment; nothing where it is too large. Throws `ProtocolError` where what is there is not what was written. */
async function read({ begun, places, next }: Recorded): Promise<PastFrames | undefined> {
  const size = places.reduce((sum, { stretch }) => sum + stretch.to - stretch.from, 0);
  if (size > LARGEST_SEGMENT) return undefined;
  const waiting: Record<Kind, Sample[]> = { video: [], audio: [] };
  for (const { kept, stretch } of places) {
    const written = readFragments(await readStretch(kept.file, stretch));
    for (const track of kept.tracks)
      waiting[track.kind].push(...written[track.kind].map((each) => ({ ...each, track })));
  }
  const frames = inOrder(waiting, places.map(({ point }) => point.order).join(''), begun);
  const { tracks } = places[0]!.kept;
  const goesOn = next.discontinuity === begun.discontinuity;
  return { tracks, frames, next: goesOn ? beginning(next, frames[0]!.track, frames.length) : undefined };
}

/** The frames as they came, of which the first begins the segment. */
function inOrder(waiting: Record<Kind, Sample[]>, order: string, { time, wall, ...stamp }: Begun): Frame[] {
  const taken: Record<Kind, number> = { video: 0, audio: 0 };
  const frames = Array.from(readOrder(order), (kind, seq) => {
    const sample = waiting[kind][taken[kind]++];
    if (!sample) throw new ProtocolError('there are fewer frames than were written');
    return frameOf(sample, seq, wall, seq === 0 ? stamp : undefined);
  });
  const isWhole = frames.length === waiting.video.length + waiting.audio.length;
  if (!isWhole || frames[0]?.dts !== time) throw new ProtocolError('there are other frames than were written');
  return frames;
}

/** A frame as far as a segment's bytes depend on it. */
function frameOf(sample: Sample, seq: number, wall: number, stamp: Stamp | undefined): Frame {
  const { dts, track, keyframe } = sample;
  return new Frame(sample, { seq, tenure: TENURE, stamp }, dts, track, keyframe, wall);
}

/** What is known of the frame with which a segment begins. */
function beginning({ time, wall, ...stamp }: Begun, track: Track, seq: number): Frame {
  return frameOf({ track, dts: time, pts: time, keyframe: true, data: NO_DATA }, seq, wall, stamp);
}
