import type { Clock } from '../base/clock.ts';
import { type RefusalCode, RefusedError } from '../base/errors.ts';
import type { Sample, Stamp } from '../media/frame.ts';
import { sameTrack, type Track } from '../media/track.ts';
import type { Session } from './session.ts';
import { isStartable, type Lineup, type Publishing, type Stream } from './stream.ts';

/** A frame as its stream's owner placed it. `dts` and `pts` are on the stream's own timeline. */
export interface Relayed extends Sample {
  /** Its position in the owner's log. */
  readonly seq: number;
  /** How often a publisher had begun on the stream by then. */
  readonly epoch: number;
  /** When it came in at the owner, by the owner's wall clock: microseconds since 1970. */
  readonly ingest: number;
  /** Where the owner begins a segment with it. */
  readonly stamp?: Stamp | undefined;
}

/** What a mirror tells the hub. */
export interface MirrorEvents {
  begun(): void;
  closed(): void;
  ended(code: RefusalCode, message: string): void;
}

/**
 * The one who appends to a stream whose owner is another node: frames come as they were placed there and stay as they are.
 * What was seen before (after a reconnect) is left out; what lies before the newest frame of an earlier owner as well.
 */
export class Mirror implements Publishing {
  readonly stream: Stream;
  readonly session: Session;
  lastArrival: number;
  readonly #clock: Clock;
  readonly #events: MirrorEvents;
  #closed = false;
  #hasBegun = false;
  /** Where decoding can go on: set false by {@link skipVideo} and by a new owner. */
  #needsKeyframe: boolean;

  constructor(stream: Stream, session: Session, clock: Clock, events: MirrorEvents) {
    this.stream = stream;
    this.session = session;
    this.#clock = clock;
    this.#events = events;
    this.#needsKeyframe = stream.lineup === undefined;
    this.lastArrival = clock.now();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What the owner says of its stream before the first frame and when its codecs change. Throws on a token lower than one seen. */
  announce(token: number, lineup: Lineup, tracks: Iterable<Track>): void {
    const { stream } = this;
    if (token < stream.lease.token) throw new RefusedError('gone', 'this owner has been replaced');
    if (token > stream.lease.token) this.#succeed(token);
    const present = stream.lineup;
    if (!present || present.video !== lineup.video || present.audio !== lineup.audio) {
      stream.change(lineup);
      this.#needsKeyframe = true;
    }
    for (const track of tracks) this.#track(track);
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#events.begun();
  }

  /** Appends a frame, to be called after {@link announce}. Frames that came before are left out. */
  write(frame: Relayed): void {
    if (this.#closed) return;
    const { stream } = this;
    const { kind } = frame.track;
    const mirrored = stream.mirrored!;
    if (frame.seq < mirrored.next || frame.dts <= mirrored.floor) return;
    this.lastArrival = this.#clock.now();
    mirrored.next = frame.seq + 1;
    stream.epoch = frame.epoch;
    if (kind === 'video') {
      if (this.#needsKeyframe && !frame.keyframe) return void stream.counters.undecodable++;
      this.#needsKeyframe = false;
    }
    const { dts, ingest, stamp, seq } = frame;
    // Were this node to become the owner, it would go on from here.
    if (stamp) stream.segments.resume({ segment: stamp.segment + 1, discontinuity: stamp.discontinuity + 1 });
    const startable = isStartable(frame, stream.lineup!);
    stream.append(frame, dts, this.#track(frame.track), startable, ingest, this.lastArrival, stamp, seq);
  }

  /** Video frames were lost on the way: none until the next key frame can be decoded. */
  skipVideo(): void {
    this.#needsKeyframe = true;
  }

  /** The way to the owner is lost; the stream waits for another mirror, as it would for a publisher. Idempotent. */
  close(_deliberate = false): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.closed();
  }

  /** The owner says that the stream has ended, or nobody here wants it any more. Idempotent. */
  end(code: RefusalCode, message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.ended(code, message);
  }

  /** Another owner goes on: its positions are its own, and what it repeats of its predecessor's time is left out. */
  #succeed(token: number): void {
    const { stream } = this;
    stream.lease = { token, anchor: undefined };
    stream.mirrored = { next: 0, floor: stream.newest.dts, isInner: this.session.isInner };
    this.#needsKeyframe = true;
  }

  /** The stream's own object for a track, so that readers see a change only where there is one. */
  #track(from: Track): Track {
    const present = this.stream.tracks.get(from.kind);
    if (present && (present === from || sameTrack(present, from))) return present;
    this.stream.tracks.set(from.kind, from);
    return from;
  }
}
