import type { Line } from './line.ts';
import type { Failure } from './policy.ts';
import type { Frames, Kinds, Open, Source } from './source.ts';
import { Held, Splice } from './splice.ts';

/** What one hears of a {@link Junction}. */
export interface JunctionEvents {
  /** Frames to be played, each once and in their order. */
  frames(frames: Frames): void;
  /** This line plays from now on. */
  joined(line: Line): void;
  /** What comes from now on has nothing to do with what was played. */
  anew(): void;
  bytes(count: number): void;
  /** A line is over: the one that plays, or the one that was to follow. */
  failed(line: Line, failure: Failure, hasPlayed: boolean): void;
}

interface Branch {
  readonly line: Line;
  readonly source: Source;
}

interface Follower extends Branch {
  readonly held: Held;
  readonly since: number;
  kinds: Kinds;
}

/** What is to be left to play when a line that is behind takes over, in seconds. */
const RESERVE = 0.25;
/** A line that has brought nothing for so long gives way to one that brings something newer, in milliseconds. */
const SILENT = 700;
/** A line that has something to show but does not fit is taken nevertheless after so long, in milliseconds. */
const PATIENCE = 6_000;

/**
 * The line that plays, and the one that is to follow: that is opened beside it and takes over where it goes on with the next
 * frame, so that the viewer sees nothing of it.
 */
export class Junction {
  readonly #open: Open;
  readonly #now: () => number;
  readonly #events: JunctionEvents;
  #splice = new Splice();
  #playing: Branch | undefined;
  #next: Follower | undefined;
  #cameAt = -Infinity;

  /** `now` is a monotonic clock of milliseconds. */
  constructor(open: Open, now: () => number, events: JunctionEvents) {
    this.#open = open;
    this.#now = now;
    this.#events = events;
  }

  /** The line that plays; undefined once it is over. */
  get line(): Line | undefined {
    return this.#playing?.line;
  }

  /** The line that is to follow. */
  get next(): Line | undefined {
    return this.#next?.line;
  }

  /** How long nothing has come by the line that plays, in milliseconds. */
  get silence(): number {
    return this.#now() - this.#cameAt;
  }

  /** How long the next line has been open, in milliseconds. */
  get waiting(): number {
    return this.#next ? this.#now() - this.#next.since : 0;
  }

  /** What must be there to be played before the next line can take over, in seconds; 0 where it needs nothing. */
  get needed(): number {
    if (!this.#next || !this.#playing || this.#splice.fit(this.#next.held) !== 'early') return 0;
    const lag = this.#splice.lag(this.#next.held);
    return lag > 0 ? lag + RESERVE : 0;
  }

  /** Goes over to this line; what was on its way is dropped. */
  go(line: Line): void {
    this.drop();
    const isHere = () => this.#next === follower || this.#playing === follower;
    const source = this.#open(line, {
      frames: (frames) => void (isHere() && this.#take(follower, frames)),
      bytes: (count) => void (isHere() && this.#events.bytes(count)),
      failed: (failure) => void (isHere() && this.#fail(follower, failure)),
    });
    const follower: Follower = { line, source, held: new Held(), since: this.#now(), kinds: undefined };
    this.#next = follower;
  }

  /** Closes the line that was to follow. */
  drop(): void {
    this.#next?.source.close();
    this.#next = undefined;
  }

  /** Lets the next line take over if it is time; `ahead` is what is there to be played, in seconds. */
  look(ahead: number): void {
    const next = this.#next;
    if (!next) return;
    const fit = this.#splice.fit(next.held);
    if (fit === 'none') return;
    if (fit === 'foreign') this.#begin();
    const isTime = fit === 'early' ? ahead >= this.#splice.lag(next.held) + RESERVE : this.#splice.newest === undefined;
    if (isTime || this.#givesWay(next)) this.#join(next);
  }

  /** Closes all; what is opened then has nothing to go on from. */
  close(): void {
    this.drop();
    this.#playing?.source.close();
    this.#playing = undefined;
    this.#splice = new Splice();
  }

  /** Whether there is no use in waiting any longer for the line that plays. */
  #givesWay({ held, since }: Follower): boolean {
    if (!this.#playing) return true;
    const isNewer = this.#splice.lag(held) < 0;
    return (isNewer && this.silence > SILENT) || this.#now() - since > PATIENCE;
  }

  #begin(): void {
    this.#splice = new Splice();
    this.#events.anew();
  }

  #join(next: Follower): void {
    this.#playing?.source.close();
    this.#playing = next;
    this.#next = undefined;
    this.#cameAt = this.#now();
    const samples = this.#splice.follow(next.held);
    this.#events.joined(next.line);
    if (samples.length > 0) this.#events.frames({ samples, kinds: next.kinds });
  }

  #take(branch: Follower, frames: Frames): void {
    if (branch === this.#next) return this.#hold(branch, frames);
    this.#cameAt = this.#now();
    const samples = frames.samples.flatMap((sample) => this.#splice.take(sample) ?? []);
    if (samples.length > 0) this.#events.frames({ ...frames, samples });
  }

  #hold(branch: Follower, { samples, kinds }: Frames): void {
    branch.kinds = kinds;
    for (const sample of samples) if (!branch.held.add(sample)) return this.#fail(branch, { kind: 'media' });
    // The first line of all, and one after another that is over, wait for nothing.
    if (!this.#playing) this.look(0);
  }

  #fail(branch: Follower, failure: Failure): void {
    const hasPlayed = branch === this.#playing;
    branch.source.close();
    if (hasPlayed) this.#playing = undefined;
    else this.#next = undefined;
    this.#events.failed(branch.line, failure, hasPlayed);
  }
}
