import { signal } from '@preact/signals';
import { acrossHole } from '../../../player/src/holes.ts';
import { type Failure, type PlayerState, retries, retryDelay, stateAfter } from '../../../player/src/policy.ts';
import { Progress } from '../../../player/src/progress.ts';
import { bufferedEnd, smoothed } from '../../../player/src/stats.ts';
import { type Connection, type ConnectionEvents, connectHls, loadHls } from './hls-connection.ts';
import { measure, noStats, type PlayerStats } from './measure.ts';
import { liveWithin, type StreamTime } from './stream-time.ts';

const tick = 500;

/** From when on a stream is wanted: Unix milliseconds, or its beginning. */
export type Moment = number | 'start';

/** Keeps one stream playing by HLS in one video element, live or from an earlier moment on: connects, watches, returns after failures. */
export class HlsPlayer {
  readonly state = signal<PlayerState>('connecting');
  /** In state `unsupported`: the codec, or empty where the browser can play no live stream at all. */
  readonly codec = signal('');
  readonly hasVideo = signal(true);
  readonly stats = signal<PlayerStats>(noStats);
  /** What is shown, in Unix milliseconds, where that is of the past; undefined while it is live. */
  readonly past = signal<number | undefined>(undefined);
  /** Whether it plays faster than life until it is live. */
  readonly isHasty = signal(false);

  readonly #video: HTMLVideoElement;
  readonly #playlist: string;
  #connection: Connection | undefined;
  /** From when on it plays; undefined for what is live. */
  #moment: Moment | undefined;
  #progress = new Progress(0);
  /** The connection is over and the next not yet open. */
  #failed = false;
  #hasPlayed = false;
  #attempt = 0;
  #crossed = 0;
  #kbps = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #tickTimer: ReturnType<typeof setInterval> | undefined;
  /** Which start is the valid one: the library may arrive after a stop. */
  #run = 0;

  constructor(video: HTMLVideoElement, playlist: string) {
    this.#video = video;
    this.#playlist = playlist;
  }

  /** Connects at once, whatever went before. */
  start(): void {
    this.stop('connecting');
    document.addEventListener('visibilitychange', this.#onVisible);
    window.addEventListener('online', this.#onOnline);
    void this.#connect(++this.#run);
  }

  /** Plays from a moment on, or what is live. */
  watch(moment: Moment | undefined): void {
    this.catchUp(false);
    this.#moment = moment;
    this.past.value = typeof moment === 'number' ? moment : undefined;
    const isConnected = this.state.value === 'playing' && this.past.value !== undefined;
    if (isConnected && this.#connection?.time.seek(this.past.value!)) return;
    this.start();
  }

  /** Plays faster than life until it is live, or no longer. */
  catchUp(isHasty: boolean): void {
    this.isHasty.value = isHasty;
    this.#connection?.time.hasten(isHasty);
  }

  /** Ends everything; the state tells why. */
  stop(state: PlayerState = 'paused'): void {
    this.#run++;
    this.#clear();
    this.#attempt = 0;
    document.removeEventListener('visibilitychange', this.#onVisible);
    window.removeEventListener('online', this.#onOnline);
    this.state.value = state;
  }

  #clear(): void {
    clearTimeout(this.#retryTimer);
    clearInterval(this.#tickTimer);
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #connect(run: number): Promise<void> {
    const hls = await loadHls().catch(() => undefined);
    if (run !== this.#run) return;
    if (!hls) return this.#fail({ kind: 'network' });
    this.#clear();
    this.#failed = false;
    this.#crossed = 0;
    this.#progress = new Progress(performance.now());
    const playlist = this.#moment === undefined ? this.#playlist : from(this.#playlist, this.#moment);
    this.#connection = connectHls(hls, this.#video, playlist, this.#events);
    if (this.isHasty.value) this.#connection.time.hasten(true);
    this.#tickTimer = setInterval(() => this.#watch(), tick);
  }

  readonly #events: ConnectionEvents = {
    failed: (failure) => this.#fail(failure),
    rate: (kbps) => {
      this.#kbps = smoothed(this.#kbps, kbps);
    },
    tracks: (hasVideo) => {
      this.hasVideo.value = hasVideo;
    },
    blocked: () => this.stop(),
  };

  #fail(failure: Failure): void {
    this.#failed = true;
    clearInterval(this.#tickTimer);
    if (failure.kind === 'unsupported') this.codec.value = failure.codec;
    this.state.value = stateAfter(failure, this.#hasPlayed);
    if (retries(this.state.value)) this.#retry();
  }

  #retry(): void {
    clearTimeout(this.#retryTimer);
    const run = ++this.#run;
    this.#retryTimer = setTimeout(() => void this.#connect(run), retryDelay(this.#attempt++, Math.random()));
  }

  #watch(): void {
    if (this.#moment === undefined) this.#crossHole();
    else if (this.#connection) this.#followPast(this.#connection.time);
    this.stats.value = measure(this.#video, this.#kbps);
    const { currentTime: time, paused } = this.#video;
    const verdict = this.#progress.judge({ now: performance.now(), time, end: bufferedEnd(this.#video) });
    if (verdict === 'playing') this.#playing();
    else if (verdict === 'silent') this.#fail({ kind: 'closed' });
    else if (verdict === 'starting' || document.hidden)
      return; // a browser may rest a hidden video
    else if (paused && this.#hasPlayed)
      this.stop(); // by a media key, say
    else if (verdict === 'stuck') this.#fail({ kind: 'media' });
    else if (this.#moment !== undefined)
      this.state.value = 'connecting'; // it seeks
    else this.state.value = this.#hasPlayed ? 'interrupted' : 'waiting';
  }

  /** Remembers where it is, to go on from there after a failure; one who has caught up is live. */
  #followPast(time: StreamTime): void {
    if (time.at === undefined) return;
    const isLive = time.behind < liveWithin;
    if (isLive && this.isHasty.value) this.catchUp(false);
    this.past.value = isLive ? undefined : time.at;
    this.#moment = time.at;
  }

  #crossHole(): void {
    const { buffered, currentTime } = this.#video;
    const target = acrossHole(buffered, currentTime, this.#crossed);
    if (target === undefined) return;
    this.#crossed = target;
    this.#video.currentTime = Math.max(target, currentTime);
  }

  #playing(): void {
    this.#hasPlayed = true;
    this.#attempt = 0;
    this.state.value = 'playing';
  }

  readonly #onVisible = (): void => {
    if (!document.hidden && this.#video.paused && this.#hasPlayed && !this.#failed) this.start();
  };

  readonly #onOnline = (): void => {
    if (this.#failed && retries(this.state.value)) this.start();
  };
}

function from(playlist: string, moment: Moment): string {
  const url = new URL(playlist);
  url.searchParams.set('from', moment === 'start' ? moment : new Date(moment).toISOString());
  return url.href;
}
