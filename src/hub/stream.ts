import { SECOND } from '../base/clock.ts';
import { type RefusalCode, RefusedError } from '../base/errors.ts';
import { Log, type Window } from '../base/log.ts';
import { Frame, type Sample, type Stamp, type Tenure } from '../media/frame.ts';
import { Timeline } from '../media/timeline.ts';
import type { Codec, Kind, Track } from '../media/track.ts';
import { Course } from './course.ts';
import type { ReadFile } from './files.ts';
import { FrameStore } from './frame-store.ts';
import type { Lease } from './lease.ts';
import { type Delay, NO_DELAY, type Passage } from './passage.ts';
import { Segments } from './segments.ts';
import type { Session } from './session.ts';

/** Which codec families a stream is made of. A player that has begun cannot follow when this changes. */
export type Lineup = { readonly [kind in Kind]?: Codec };

/** Which of several publishers of one stream is heard: a backup as long as the main one is not to be had. */
export type Role = 'main' | 'backup';

/** Who appends to a stream, as others see it. */
export interface Publishing {
  readonly session: Session;
  readonly role: Role;
  /** The longest time between two frames, in microseconds. */
  readonly longestGap: number;
  /** When its last frame arrived (or it began), by the monotonic clock, in microseconds. */
  readonly lastArrival: number;
  readonly closed: boolean;
  /** Ends publishing. `deliberate`: by the encoder's own word, so that it is not expected back. Idempotent. */
  close(deliberate: boolean): void;
}

/** Where the mirror of a stream stands. */
export interface Mirrored {
  /** Of the owner whose frames come: not yet that of the lease while what it has of its predecessor's is still coming. */
  readonly token: number;
  /** That owner's next position. */
  next: number;
  /** The time that its frames must have passed. */
  readonly floor: number;
  /** Whether pictures can go on at a key frame only. */
  needsKeyframe: boolean;
  /** Whether the owner is another worker of this node, which counts what comes in. */
  readonly isInner: boolean;
}

/** Something that all readers of one format share, such as a muxer: made by the first, closed after the last. */
export interface Shared {
  close(): void;
}

/** What a stream counts from its beginning. */
export interface StreamCounters {
  bytesIn: number;
  bytesOut: number;
  videoFrames: number;
  audioFrames: number;
  /** Time between the last two key frames in microseconds, 0 before the second one. */
  keyframeInterval: number;
  /** Video frames that came before the key frame they need: nobody gets them. */
  undecodable: number;
}

/** A named sequence of frames. It outlives its publishers, and its timeline goes on through all of them. */
export class Stream {
  /** `vhost/app/name`. */
  readonly path: string;
  /** Wall clock of its beginning, in microseconds since 1970. */
  readonly since: number;
  /** Whose timeline it is: this node's, or that of the owner which it mirrors. */
  lease: Lease;
  /** Where a mirror stands; undefined where we own it. */
  mirrored: Mirrored | undefined;
  /** Where a mirror finds the files that are made of the stream, as long as it has a way there; undefined where we own it. */
  upstream: ReadFile | undefined;
  readonly log: Log<Frame>;
  readonly timeline = new Timeline();
  /** How its frames came of late; where the owner is another worker, that one knows. */
  readonly course = new Course(this.timeline.counters);
  /** How it is divided into segments; numbers begin with the seconds of its beginning, so that a later stream's are others. */
  readonly segments: Segments;
  readonly counters: StreamCounters = {
    bytesIn: 0,
    bytesOut: 0,
    videoFrames: 0,
    audioFrames: 0,
    keyframeInterval: 0,
    undecodable: 0,
  };
  /** Who appends to it; undefined while it waits for a publisher to return. */
  publisher: Publishing | undefined;
  /** Who did so last. */
  feeder: Session | undefined;
  /** Who stands by to go on where that one fails. */
  readonly understudies = new Set<Publishing>();
  /** The tracks as of the newest frame. */
  readonly tracks = new Map<Kind, Track>();
  /** How often a publisher has begun on it. */
  epoch = 0;
  /** The sessions that read it. */
  readonly readers = new Set<Session>();
  #lineup: Lineup | undefined;
  #ended: RefusedError | undefined;
  readonly #shared = new Map<string, { value: Shared; uses: number }>();
  /** The decoding time of the newest key frame, of video. */
  #keyframe: number | undefined;
  #newest = { dts: Number.NEGATIVE_INFINITY, arrival: 0 };
  #tenure: Tenure = { token: 0, epoch: 0 };

  constructor(path: string, since: number, lease: Lease, window: Window) {
    this.path = path;
    this.since = since;
    this.lease = lease;
    this.segments = new Segments(Math.floor(since / SECOND));
    this.log = new Log(window, new FrameStore());
  }

  /** Its codec families, as a new object after every change; undefined until the first publisher has shown them. */
  get lineup(): Lineup | undefined {
    return this.#lineup;
  }

  /** Why it ended, once it has. */
  get ended(): RefusedError | undefined {
    return this.#ended;
  }

  /** The frame with the greatest decoding time (-Infinity before the first), and when it arrived by the monotonic clock. */
  get newest(): { readonly dts: number; readonly arrival: number } {
    return this.#newest;
  }

  /**
   * Adds a frame: `sample` as it came, with its place on the stream's timeline. Times are microseconds; `seq` is its position
   * in the log of the owner, this one if the owner is this node. `stamp` is there where a segment begins.
   */
  append(
    sample: Sample,
    dts: number,
    track: Track,
    startable: boolean,
    ingest: number,
    arrival: number,
    stamp: Stamp | undefined,
    seq = this.log.head,
  ): void {
    if (!this.mirrored?.isInner) {
      this.#count(sample, dts);
      this.course.note(sample, dts, this.mirrored ? ingest : arrival, this.epoch, arrival);
    }
    if (dts >= this.#newest.dts) {
      this.#newest.dts = dts;
      this.#newest.arrival = arrival;
    }
    const { token } = this.mirrored ?? this.lease;
    if (this.#tenure.token !== token || this.#tenure.epoch !== this.epoch) this.#tenure = { token, epoch: this.epoch };
    this.log.append(new Frame(sample, { seq, tenure: this.#tenure, stamp }, dts, track, startable, ingest), arrival);
  }

  #count({ track: { kind }, data, keyframe }: Sample, dts: number): void {
    const { counters } = this;
    counters.bytesIn += data.length;
    if (kind === 'audio') {
      counters.audioFrames++;
      return;
    }
    counters.videoFrames++;
    if (!keyframe) return;
    if (this.#keyframe !== undefined) counters.keyframeInterval = dts - this.#keyframe;
    this.#keyframe = dts;
  }

  /** Sets new codec families. Nobody can read on across this, so what was before is dropped. */
  change(lineup: Lineup): void {
    this.#lineup = lineup;
    // Who comes from now on shares nothing with those who are still on their way out.
    this.#shared.clear();
    for (const kind of this.tracks.keys()) if (lineup[kind] === undefined) this.tracks.delete(kind);
    this.log.clear();
  }

  /** The session that brings it, or brought it last, to this node. */
  get trace(): string | undefined {
    return this.feeder?.isInner ? this.feeder.trace : this.feeder?.id;
  }

  /** How it comes to this node, as long as it does, where that is by another one. */
  get passage(): Passage | undefined {
    return this.publisher?.session.passage;
  }

  /** How late its frames come to this node; undefined where that is not known. */
  get delay(): Delay | undefined {
    return this.mirrored ? this.passage?.delay : NO_DELAY;
  }

  /** Whether anybody here needs it. */
  get isWanted(): boolean {
    return this.readers.size > 0 || this.understudies.size > 0;
  }

  /** Ends it for all readers. Idempotent. */
  end(code: RefusalCode, message: string): void {
    if (this.#ended) return;
    this.#ended = new RefusedError(code, message);
    this.log.wake();
  }

  /** The thing shared under `key`, made by `make` for the first user; call `release` once when done with it. */
  share<T extends Shared>(key: string, make: () => T): { value: T; release: () => void } {
    let shared = this.#shared.get(key);
    if (!shared) this.#shared.set(key, (shared = { value: make(), uses: 0 }));
    const held = shared;
    held.uses++;
    const release = () => {
      if (--held.uses > 0) return;
      if (this.#shared.get(key) === held) this.#shared.delete(key);
      held.value.close();
    };
    return { value: held.value as T, release };
  }
}

/** The newest frame of each kind that the window still has. */
export function newestByKind({ log, lineup = {} }: Stream): Map<Kind, Frame> {
  const newest = new Map<Kind, Frame>();
  const kinds = Object.keys(lineup).length;
  for (let at = log.head - 1; at >= log.tail && newest.size < kinds; at--) {
    const frame = log.at(at);
    if (!newest.has(frame.track.kind)) newest.set(frame.track.kind, frame);
  }
  return newest;
}

/** The kind of a stream's frames that hang together: pictures, where there are any. */
export function leadingKind({ lineup }: Stream): Kind {
  return lineup?.video === undefined ? 'audio' : 'video';
}

/** Whether a reader may begin with this frame of a stream. */
export function isStartable({ track, keyframe }: Sample, lineup: Lineup): boolean {
  return track.kind === 'video' ? keyframe : lineup.video === undefined;
}

/** `h264+aac`, for people. */
export function describeLineup(lineup: Lineup): string {
  return Object.values(lineup).join('+') || 'nothing';
}
