import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import type { Signal } from '../base/signal.ts';
import type { Sample } from '../media/frame.ts';
import { type Kind, sameTrack, type Track } from '../media/track.ts';
import type { Session } from './session.ts';
import { isStartable, type Lineup, type Publishing, type Stream } from './stream.ts';

/** How long, in media or in waiting, the first frames are held until all tracks have shown themselves. */
const LONGEST_PREROLL = 1 * SECOND;
const LARGEST_PREROLL = 4 * 1024 * 1024;
const MOST_PREROLL = 1000;

/** What a publisher tells the hub. */
export interface PublisherEvents {
  /** The lineup is known: the first frames are appended. */
  begun(): void;
  /** The stream's first frame is placed, so that the wall clock at its time 0 is known. */
  anchored(anchor: number): void;
  /** A segment has begun. */
  stamped(): void;
  /** It may no longer write. */
  closed(deliberate: boolean): void;
}

/** The one who appends to a stream: from its first frame on until it closes or is replaced. */
export class Publisher implements Publishing {
  readonly stream: Stream;
  readonly session: Session;
  lastArrival: number;
  readonly #clock: Clock;
  /** How long segments are aimed at, in microseconds. */
  readonly #segment: number;
  readonly #events: PublisherEvents;
  #closed = false;
  /** The kinds that the encoder says it will send. */
  #announced: ReadonlySet<Kind> = new Set();
  /** Frames held until the lineup is known; undefined afterwards. */
  #preroll: { sample: Sample; arrival: number; ingest: number }[] | undefined = [];
  #prerollBytes = 0;
  readonly #seen = new Set<Kind>();
  #needsKeyframe = true;
  /** The track last met per kind, as it came in and as the stream has it. */
  readonly #tracks = new Map<Kind, { from: Track; to: Track }>();

  constructor(stream: Stream, session: Session, clock: Clock, segment: number, events: PublisherEvents) {
    this.stream = stream;
    this.session = session;
    this.#clock = clock;
    this.#segment = segment;
    this.#events = events;
    this.lastArrival = clock.now();
    stream.timeline.restart();
    stream.segments.break();
    stream.epoch++;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Says which kinds of tracks will come, so that viewers need not wait for others. */
  announce(kinds: ReadonlySet<Kind>): void {
    this.#announced = kinds;
  }

  /** Appends a frame. After {@link close} it does nothing: a replaced publisher may have frames on the way. */
  write(sample: Sample): void {
    if (this.#closed) return;
    const arrival = this.#clock.now();
    this.lastArrival = arrival;
    const ingest = this.#clock.wall();
    if (this.#preroll) this.#hold(sample, arrival, ingest);
    else this.#append(sample, arrival, ingest);
  }

  close(deliberate: boolean): void {
    if (this.#closed) return;
    if (this.#preroll && this.#preroll.length > 0) this.#begin();
    this.#closed = true;
    this.#events.closed(deliberate);
  }

  #hold(sample: Sample, arrival: number, ingest: number): void {
    const held = this.#preroll!;
    held.push({ sample, arrival, ingest });
    this.#prerollBytes += sample.data.length;
    this.#seen.add(sample.track.kind);
    const first = held[0]!;
    const complete = held.length === MOST_PREROLL || this.#isComplete(this.#seen);
    const waited = Math.max(arrival - first.arrival, sample.dts - first.sample.dts);
    if (complete || waited >= LONGEST_PREROLL || this.#prerollBytes > LARGEST_PREROLL) this.#begin();
  }

  /** Whether these are all the kinds that this publisher will send. */
  #isComplete(seen: ReadonlySet<Kind>): boolean {
    if (seen.size === 2) return true;
    const before = Object.keys(this.stream.lineup ?? {}) as Kind[];
    const wanted = new Set([...this.#announced, ...before]);
    return wanted.size > 0 && [...wanted].every((kind) => seen.has(kind));
  }

  /** All tracks are known: fixes the lineup and appends what was held. */
  #begin(): void {
    const held = this.#preroll!;
    this.#preroll = undefined;
    const lineup: Record<string, string> = {};
    for (const { sample } of held) lineup[sample.track.kind] = sample.track.codec;
    const present = this.stream.lineup;
    if (!present || present.video !== lineup.video || present.audio !== lineup.audio) this.#change(lineup as Lineup);
    for (const { sample, arrival, ingest } of held) this.#append(sample, arrival, ingest);
    this.#events.begun();
  }

  #change(lineup: Lineup): void {
    this.#needsKeyframe = true;
    this.stream.segments.break();
    this.stream.change(lineup);
  }

  #append(sample: Sample, arrival: number, ingest: number): void {
    const { stream } = this;
    const { kind, codec } = sample.track;
    if (stream.lineup![kind] !== codec) this.#change({ ...stream.lineup, [kind]: codec });
    if (kind === 'video') {
      if (sample.keyframe) this.#needsKeyframe = false;
      else if (this.#needsKeyframe) {
        stream.counters.undecodable++;
        return;
      }
    }
    const track = this.#track(sample.track);
    const dts = stream.timeline.place(kind, sample.dts, arrival);
    if (stream.newest.dts === Number.NEGATIVE_INFINITY) this.#events.anchored(ingest - dts);
    const startable = isStartable(sample, stream.lineup!);
    const stamp = startable ? stream.segments.stamp(sample, dts, this.#segment) : undefined;
    stream.append(sample, dts, track, startable, ingest, arrival, stamp);
    if (stamp) this.#events.stamped();
  }

  /** The stream's own object for a track, so that readers see a change only where there is one. */
  #track(from: Track): Track {
    const known = this.#tracks.get(from.kind);
    if (known?.from === from) return known.to;
    const present = this.stream.tracks.get(from.kind);
    const isSame = present !== undefined && sameTrack(present, from);
    if (present && !isSame) this.stream.segments.break();
    const to = isSame ? present : from;
    this.#tracks.set(from.kind, { from, to });
    this.stream.tracks.set(from.kind, to);
    return to;
  }
}

/** How often it is looked whether a publisher that may be gone has sent something. */
const LOOK = 50 * MILLISECOND;

/** Waits until `publisher` has closed or been silent for `silence` (then true), or sends again or `signal` aborts (then false). */
export function outwait(publisher: Publishing, silence: number, signal: Signal, clock: Clock): Promise<boolean> {
  const seen = publisher.lastArrival;
  return new Promise((resolve) => {
    const look = () => {
      if (publisher.closed || clock.now() - publisher.lastArrival >= silence) resolve(true);
      else if (publisher.lastArrival !== seen || signal.aborted) resolve(false);
      else clock.after(LOOK, look);
    };
    look();
  });
}
