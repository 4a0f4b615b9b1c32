import { Feed } from './feed.ts';
import { acrossHole } from './holes.ts';
import { mayBegin, pace, Target } from './pace.ts';
import type { Failure } from './policy.ts';
import { Progress, type Verdict } from './progress.ts';
import type { Frames } from './source.ts';
import { type Experience, Stalls } from './stalls.ts';
import { bufferedEnd } from './stats.ts';

/** What one hears of a {@link Screen}. */
export interface ScreenEvents {
  /** It cannot go on with what it was given. */
  failed(failure: Failure): void;
  /** The picture stood still, just now. */
  stalled(): void;
  /** The browser wants the viewer to press play first. */
  blocked(): void;
}

/** A video element that shows the frames it is given, a little after they came and no later. Moments are `performance.now()`. */
export class Screen {
  readonly #video: HTMLVideoElement;
  readonly #events: ScreenEvents;
  readonly #target = new Target();
  readonly #stalls: Stalls;
  #progress: Progress;
  #feed: Feed | undefined;
  /** When there was first something to be played. */
  #filledAt: number | undefined;
  #isPlaced = false;
  #crossed = 0;

  constructor(video: HTMLVideoElement, events: ScreenEvents) {
    this.#video = video;
    this.#events = events;
    this.#stalls = new Stalls(performance.now());
    this.#progress = new Progress(performance.now());
  }

  /** Whether what is shown has a picture; true as long as nobody knows. */
  get hasVideo(): boolean {
    return this.#feed?.hasVideo ?? true;
  }

  get experience(): Experience {
    return this.#stalls.experience;
  }

  /** What is there to be played, in seconds. */
  get ahead(): number {
    return Math.max(0, bufferedEnd(this.#video) - this.#video.currentTime);
  }

  write(frames: Frames): void {
    this.#feed ??= new Feed(this.#video, (failure) => this.#events.failed(failure));
    this.#feed.write(frames);
  }

  /** What comes has nothing to do with what was shown. */
  anew(): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.#filledAt = undefined;
    this.#isPlaced = false;
    this.#crossed = 0;
    this.#progress = new Progress(performance.now());
    this.#stalls.rest();
  }

  /** To be called some twenty times a second; `needed` is what a switch needs ahead, in seconds. */
  look(needed: number): Verdict {
    const { currentTime: time, paused } = this.#video;
    const now = performance.now();
    if (paused || document.hidden) this.#stalls.rest();
    else if (this.#stalls.look(now, time)) this.#stall(now);
    this.#place(now);
    this.#crossHole();
    if (this.#isPlaced) this.#pace(needed, now);
    return this.#progress.judge({ now, time, end: bufferedEnd(this.#video) });
  }

  close(): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.#video.playbackRate = 1;
  }

  #stall(now: number): void {
    this.#target.stalled(now);
    this.#events.stalled();
  }

  /** Begins where the frames do: the stream's time is the video's. */
  #place(now: number): void {
    const { buffered } = this.#video;
    if (this.#isPlaced || buffered.length === 0) return;
    this.#filledAt ??= now;
    if (!mayBegin(bufferedEnd(this.#video) - buffered.start(0), (now - this.#filledAt) / 1000)) return;
    this.#isPlaced = true;
    this.#seek(buffered.start(0));
    this.#video.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#events.blocked();
    });
  }

  #crossHole(): void {
    const { buffered, currentTime } = this.#video;
    const target = acrossHole(buffered, currentTime, this.#crossed);
    if (target === undefined) return;
    this.#crossed = target;
    this.#seek(Math.max(target, currentTime));
  }

  /** A seek is no picture that moves. */
  #seek(time: number): void {
    this.#video.currentTime = time;
    this.#stalls.rest();
  }

  #pace(needed: number, now: number): void {
    const { ahead } = this;
    const target = this.#target.at(now);
    const { rate, jump } = pace({ ahead, target, needed }, this.#video.playbackRate);
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
    if (jump) this.#seek(this.#video.currentTime + ahead - target);
  }
}
