import { equalBytes } from '../base/bytes.ts';
import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import { type RefusalCode, RefusedError } from '../base/errors.ts';
import type { Frame, Sample, Stamp } from '../media/frame.ts';
import { type Kind, sameTrack, type Track } from '../media/track.ts';
import type { Session } from './session.ts';
import { isStartable, type Lineup, leadingKind, newestByKind, type Publishing, type Stream } from './stream.ts';

/** A frame as its stream's owner placed it. `dts` and `pts` are on the stream's own timeline. */
export interface Relayed extends Sample {
  /** That of the owner who placed it. */
  readonly token: number;
  /** Its position in that owner's log. */
  readonly seq: number;
  /** How often a publisher had begun on the stream by then. */
  readonly epoch: number;
  /** When it came in at the owner, by the owner's wall clock: microseconds since 1970. */
  readonly ingest: number;
  /** Where the owner begins a segment with it. */
  readonly stamp?: Stamp | undefined;
}

/** Times of the same frame differ by no more where its publishers count milliseconds. */
const SLACK = 2 * MILLISECOND;
/** A longer gap says nothing of what is usual. */
const LONGEST_GAP = 3 * SECOND;

/** What a mirror tells the hub. */
export interface MirrorEvents {
  begun(): void;
  closed(): void;
  ended(code: RefusalCode, message: string): void;
}

/**
 * The one who appends to a stream whose owner is another node: frames come as they were placed there and stay as they are.
 * What was seen before (after a reconnect) is left out; what lies before the newest frame of an earlier owner as well. An owner
 * that has succeeded another one sends what it has of that one's frames before its own.
 */
export class Mirror implements Publishing {
  readonly stream: Stream;
  readonly session: Session;
  readonly role = 'main';
  lastArrival: number;
  longestGap = 0;
  readonly #clock: Clock;
  readonly #events: MirrorEvents;
  #closed = false;
  #hasBegun = false;
  /** The picture that came last, taken or left out; in a stream without video the last frame. */
  #heard: Pick<Relayed, 'token' | 'seq'> | undefined;
  /** The newest frames of an earlier owner, by kind, and whether this one's go on right behind its last picture. */
  #last: ReadonlyMap<Kind, Frame> = new Map();
  #isContinued = false;

  constructor(stream: Stream, session: Session, clock: Clock, events: MirrorEvents) {
    this.stream = stream;
    this.session = session;
    this.#clock = clock;
    this.#events = events;
    this.lastArrival = clock.now();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What the owner says of its stream before the first frame and when its codecs change. Throws on a token lower than one seen. */
  announce(token: number, lineup: Lineup, tracks: Iterable<Track>): void {
    const { stream } = this;
    if (token < stream.lease.token) throw new RefusedError('gone', 'this owner has been replaced');
    if (token > stream.lease.token) stream.lease = { token, anchor: undefined };
    const present = stream.lineup;
    if (!present || present.video !== lineup.video || present.audio !== lineup.audio) {
      stream.change(lineup);
      stream.mirrored!.needsKeyframe = true;
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
    if (frame.token > stream.mirrored!.token) this.#succeed(frame.token);
    if (kind === leadingKind(stream)) this.#heard = frame;
    const mirrored = stream.mirrored!;
    if (frame.token < mirrored.token || frame.seq < mirrored.next || this.#isRepeated(frame, mirrored.floor)) return;
    const arrival = this.#clock.now();
    this.longestGap = Math.max(this.longestGap, Math.min(arrival - this.lastArrival, LONGEST_GAP));
    this.lastArrival = arrival;
    mirrored.next = frame.seq + 1;
    stream.epoch = frame.epoch;
    if (kind === 'video') {
      if (mirrored.needsKeyframe && !frame.keyframe) return void stream.counters.undecodable++;
      mirrored.needsKeyframe = false;
    }
    const { dts, ingest, stamp, seq } = frame;
    // Were this node to become the owner, it would go on from here.
    if (stamp) stream.segments.resume({ segment: stamp.segment + 1, discontinuity: stamp.discontinuity + 1 });
    const startable = isStartable(frame, stream.lineup!);
    stream.append(frame, dts, this.#track(frame.track), startable, ingest, this.lastArrival, stamp, seq);
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

  /** Whether the stream has this frame, or what came after it, from an earlier owner; its last picture is recognized. */
  #isRepeated({ dts, track, data }: Relayed, floor: number): boolean {
    if (dts > floor) return false;
    const last = this.#last.get(track.kind);
    if (!last) return !this.#isContinued;
    if (this.#isContinued) return dts <= last.dts + SLACK;
    this.#isContinued = track.kind === 'video' && Math.abs(dts - last.dts) <= SLACK && equalBytes(data, last.data);
    // Both owners had the same frames: pictures go on from this one.
    if (this.#isContinued) this.stream.mirrored!.needsKeyframe = false;
    return true;
  }

  /**
   * Another owner goes on: its positions are its own. Where its predecessor's last picture that was sent is the last one here, its own
   * go on behind that. What it repeats of its predecessor's time is left out.
   */
  #succeed(token: number): void {
    const { stream } = this;
    const { isInner } = this.session;
    const before = stream.mirrored!;
    this.#last = newestByKind(stream);
    const { tenure, seq } = this.#last.get(leadingKind(stream)) ?? {};
    const isNext = this.#heard?.token === before.token && tenure?.token === before.token && this.#heard.seq === seq;
    // Where an origin is itself an edge the owner may change without an announcement.
    if (token > stream.lease.token) stream.lease = { token, anchor: undefined };
    const needsKeyframe = !isNext || before.needsKeyframe;
    stream.mirrored = { token, next: 0, floor: stream.newest.dts, needsKeyframe, isInner };
    this.#isContinued = isNext;
  }

  /** The stream's own object for a track, so that readers see a change only where there is one. */
  #track(from: Track): Track {
    const present = this.stream.tracks.get(from.kind);
    if (present && (present === from || sameTrack(present, from))) return present;
    this.stream.tracks.set(from.kind, from);
    return from;
  }
}
