import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import type { Signal } from '../base/signal.ts';
import type { Sample } from '../media/frame.ts';
import { type Codec, type Kind, sameTrack, type Track } from '../media/track.ts';
import { type Alignment, align, alignBy, alignKept, Bench, type Held } from './bench.ts';
import type { Session } from './session.ts';
import { type Standing, shiftOn } from './standing.ts';
import { isStartable, type Lineup, leadingKind, type Publishing, type Role, type Stream } from './stream.ts';

/** How long, in media or in waiting, the first frames are held until all tracks have shown themselves. */
const LONGEST_PREROLL = 1 * SECOND;
const LARGEST_PREROLL = 4 * 1024 * 1024;
const MOST_PREROLL = 1000;
/** A longer gap says nothing of what is usual. */
const LONGEST_GAP = 3 * SECOND;
/** One who begins with frames that a server has kept is held back so long, until it is clear which of them the stream has already. */
const MOST_COMPARED = 200 * MILLISECOND;

/** How a publisher publishes. */
export interface PublisherOptions {
  /** How long segments are aimed at, in microseconds. */
  readonly segment: number;
  readonly role: Role;
  /** Whether it is fetched from a server, which begins with frames that it has kept. */
  readonly isFetched: boolean;
}

/** So far a stream may be from where the wall clock says that it is: encoders that run for months have clocks of their own. */
const MOST_ASTRAY = 3600 * SECOND;

/** What a publisher tells the hub. */
export interface PublisherEvents {
  /** The lineup is known: the first frames are appended. */
  begun(): void;
  /** The stream's first frame is placed, so that the wall clock at its time 0 is known. */
  anchored(anchor: number): void;
  /** A segment has begun. */
  stamped(): void;
  /** Standing by, it has sent a key frame. */
  offered(): void;
  /** It may no longer write. */
  closed(deliberate: boolean): void;
}

/**
 * One who publishes a stream, from its first frame on until it closes or is replaced. It appends from {@link enter} on; until then,
 * and after {@link standBy}, it stands by: what it sends is held for the case that it has to go on.
 */
export class Publisher implements Publishing {
  readonly stream: Stream;
  readonly session: Session;
  readonly role: Role;
  lastArrival: number;
  longestGap = 0;
  readonly #clock: Clock;
  readonly #segment: number;
  readonly #isFetched: boolean;
  readonly #events: PublisherEvents;
  #closed = false;
  /** The kinds that the encoder says it will send. */
  #announced: ReadonlySet<Kind> = new Set();
  /** What it sends while it stands by, or is compared; undefined while it appends. */
  #bench: Bench | undefined = new Bench();
  /** Ends the comparison of what it sends with what the stream has, while that is under way: its turn has come. */
  #cancelComparing: (() => void) | undefined;
  /** Frames held until the lineup is known; undefined afterwards. */
  #preroll: Held[] | undefined = [];
  #prerollBytes = 0;
  /** The codecs that it sends. */
  readonly #codecs = new Map<Kind, Codec>();
  #needsKeyframe = true;
  /** What the stream has of the same frames from another publisher. */
  #alignment: Alignment | undefined;
  /** Whether that is what somebody said, and nobody has seen yet. */
  #isTold = false;
  /** What was added to the time of its last frame. */
  #shift: number | undefined;
  /** The track last met per kind, as it came in and as the stream has it. */
  readonly #tracks = new Map<Kind, { from: Track; to: Track }>();

  constructor(
    stream: Stream,
    session: Session,
    clock: Clock,
    { segment, role, isFetched }: PublisherOptions,
    events: PublisherEvents,
  ) {
    this.stream = stream;
    this.session = session;
    this.role = role;
    this.#clock = clock;
    this.#segment = segment;
    this.#isFetched = isFetched;
    this.#events = events;
    this.lastArrival = clock.now();
  }

  /** Whether it waits for its turn. */
  get isStandingBy(): boolean {
    return this.#bench !== undefined && !this.#cancelComparing;
  }

  /**
   * Its turn has come. From now on it appends, or in a moment, when it is clear whether it goes on with what the stream has: where it
   * has the same frames as the one before, straight on, else from a key frame that came later. With `standing` it is known what its
   * times are off, unless the stream is on another timeline by now.
   */
  enter(standing?: Standing): void {
    const { stream } = this;
    const shift = shiftOn(stream.lease, standing);
    if (shift !== undefined) return this.#go(alignBy(stream, shift, standing!.token), false);
    if (!this.#isFetched || !stream.lineup) return this.#go(align(stream, this.#held));
    this.#cancelComparing = this.#clock.after(MOST_COMPARED, () => this.#go(undefined));
    this.#compare();
  }

  get #held(): readonly Held[] {
    return this.#bench?.held ?? [];
  }

  #compare(): void {
    const alignment = alignKept(this.stream, this.#held);
    if (alignment) this.#go(alignment);
  }

  /** Appends from now on: from its next frame on, or where pictures are not known to hang together from a key frame on, which need not be new. */
  #go(alignment: Alignment | undefined, hangTogether = alignment !== undefined): void {
    const { stream } = this;
    const held = this.#held;
    this.#stopComparing();
    this.#bench = undefined;
    this.#isTold = alignment !== undefined && !hangTogether;
    this.#needsKeyframe = !hangTogether;
    this.#alignment = alignment;
    this.#tracks.clear();
    stream.epoch++;
    if (alignment) stream.timeline.align(alignment.shift);
    else {
      stream.timeline.restart();
      stream.segments.break();
    }
    const isSound = leadingKind(stream) === 'audio';
    const isNews = ({ sample, arrival }: Held) => (isSound || isOpening(sample)) && arrival >= stream.newest.arrival;
    const from = alignment || !stream.lineup ? 0 : held.findIndex(isNews);
    this.#preroll = from < 0 ? [] : held.slice(from);
    if (this.#preroll.length > 0 && this.#isComplete()) this.#begin();
  }

  /** Another one appends from now on. */
  standBy(): void {
    this.#stopComparing();
    this.#bench = new Bench();
    this.#preroll = [];
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The token of the owner whose times its frames have, be they sent again or new; undefined where its times are its own. */
  get alignedTo(): number | undefined {
    return this.#alignment?.token;
  }

  /** How its frames stand on the stream's timeline; undefined as long as it has appended none. */
  get standing(): Standing | undefined {
    const { token, anchor } = this.stream.lease;
    if (this.#shift === undefined || anchor === undefined) return undefined;
    return { token, anchor, shift: this.#shift };
  }

  /** Says which kinds of tracks will come, so that viewers need not wait for others. */
  announce(kinds: ReadonlySet<Kind>): void {
    this.#announced = kinds;
  }

  /** Appends a frame, or holds it while standing by. After {@link close} it does nothing: a replaced publisher may have frames on the way. */
  write(sample: Sample): void {
    if (this.#closed) return;
    const frame = { sample, arrival: this.#clock.now(), ingest: this.#clock.wall() };
    const gap = frame.arrival - this.lastArrival;
    if (gap > this.longestGap && this.#codecs.size > 0) this.longestGap = Math.min(gap, LONGEST_GAP);
    this.lastArrival = frame.arrival;
    this.#codecs.set(sample.track.kind, sample.track.codec);
    if (this.#bench) {
      this.#bench.hold(frame);
      if (this.#cancelComparing) this.#compare();
      else if (isOpening(sample)) this.#events.offered();
    } else if (this.#preroll) this.#hold(frame);
    else this.#append(frame);
  }

  close(deliberate: boolean): void {
    if (this.#closed) return;
    if (this.#cancelComparing) this.#go(undefined);
    if (!this.#bench && this.#preroll && this.#preroll.length > 0) this.#begin();
    this.#closed = true;
    this.#events.closed(deliberate);
  }

  #stopComparing(): void {
    this.#cancelComparing?.();
    this.#cancelComparing = undefined;
  }

  #hold(frame: Held): void {
    const held = this.#preroll!;
    held.push(frame);
    this.#prerollBytes += frame.sample.data.length;
    const first = held[0]!;
    const complete = held.length === MOST_PREROLL || this.#isComplete();
    const waited = Math.max(frame.arrival - first.arrival, frame.sample.dts - first.sample.dts);
    if (complete || waited >= LONGEST_PREROLL || this.#prerollBytes > LARGEST_PREROLL) this.#begin();
  }

  /** Whether it has shown all the kinds that it will send. */
  #isComplete(): boolean {
    if (this.#codecs.size === 2) return true;
    const before = Object.keys(this.stream.lineup ?? {}) as Kind[];
    const wanted = new Set([...this.#announced, ...before]);
    return wanted.size > 0 && [...wanted].every((kind) => this.#codecs.has(kind));
  }

  /** All tracks are known: fixes the lineup and appends what was held. */
  #begin(): void {
    const held = this.#preroll!;
    this.#preroll = undefined;
    this.#prerollBytes = 0;
    const lineup: Lineup = Object.fromEntries(this.#codecs);
    const present = this.stream.lineup;
    if (!present || present.video !== lineup.video || present.audio !== lineup.audio) this.#change(lineup);
    for (const frame of held) this.#append(frame);
    this.#events.begun();
  }

  #change(lineup: Lineup): void {
    this.#needsKeyframe = true;
    this.stream.segments.break();
    this.stream.change(lineup);
  }

  #append({ sample, arrival, ingest }: Held): void {
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
    if (this.#isTold) this.#check(sample.dts, ingest);
    if (this.#alignment && sample.dts + this.#alignment.shift <= this.#alignment.floors.get(kind)!) return;
    const dts = stream.timeline.place(kind, sample.dts, arrival);
    this.#shift = dts - sample.dts;
    const track = this.#track(sample.track);
    if (stream.newest.dts === Number.NEGATIVE_INFINITY) this.#events.anchored(ingest - dts);
    const startable = isStartable(sample, stream.lineup!);
    const stamp = startable ? stream.segments.stamp(sample, dts, this.#segment) : undefined;
    stream.append(sample, dts, track, startable, ingest, arrival, stamp);
    if (stamp) this.#events.stamped();
  }

  /** What was said of a shift cannot be true where it leads far from where the clock is: it is forgotten. */
  #check(dts: number, ingest: number): void {
    const { lease, timeline } = this.stream;
    this.#isTold = false;
    if (Math.abs(dts + this.#alignment!.shift - (ingest - lease.anchor!)) < MOST_ASTRAY) return;
    this.#alignment = undefined;
    timeline.resume(ingest - lease.anchor!, this.#clock.now());
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

/** Whether one who begins with another publisher may begin here. */
function isOpening({ track, keyframe }: Sample): boolean {
  return keyframe && track.kind === 'video';
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
