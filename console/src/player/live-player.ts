import { signal } from '@preact/signals';
import { type Connection, type ConnectionEvents, connect, loadMpegts } from './connection.ts';
import { type Failure, type PlayerState, retries, retryDelay, stateAfter } from './policy.ts';
import { Progress } from './progress.ts';

export interface PlayerStats {
  readonly width: number;
  readonly height: number;
  readonly kbps: number;
  readonly decoded: number;
  readonly dropped: number;
  /** Seconds between the newest data here and the picture shown. */
  readonly delay: number;
}

const tick = 500;
const noStats: PlayerStats = { width: 0, height: 0, kbps: 0, decoded: 0, dropped: 0, delay: 0 };

/** Keeps one live stream playing in one video element: connects, watches, returns after failures. */
export class LivePlayer {
  readonly state = signal<PlayerState>('connecting');
  /** In state `unsupported`: the codec, or empty where the browser can play no live stream at all. */
  readonly codec = signal('');
  readonly hasVideo = signal(true);
  readonly stats = signal<PlayerStats>(noStats);

  readonly #video: HTMLVideoElement;
  readonly #url: string;
  #connection: Connection | undefined;
  #progress = new Progress(0);
  #failed = false;
  #hasPlayed = false;
  #attempt = 0;
  #kbps = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #tickTimer: ReturnType<typeof setInterval> | undefined;
  /** Which start is the valid one: the library may arrive after a stop. */
  #run = 0;

  constructor(video: HTMLVideoElement, url: string) {
    this.#video = video;
    this.#url = url;
  }

  /** Connects at once, whatever went before. */
  start(): void {
    this.stop('connecting');
    document.addEventListener('visibilitychange', this.#onVisible);
    window.addEventListener('online', this.#onOnline);
    void this.#connect(++this.#run);
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
    const mpegts = await loadMpegts().catch(() => undefined);
    if (run !== this.#run) return;
    if (!mpegts) return this.#fail({ kind: 'network' });
    if (!mpegts.isSupported()) return this.#fail({ kind: 'unsupported', codec: '' });
    this.#clear();
    this.#failed = false;
    this.#progress = new Progress(performance.now());
    this.#connection = connect(mpegts, this.#video, this.#url, this.#events);
    this.#tickTimer = setInterval(() => this.#watch(), tick);
  }

  readonly #events: ConnectionEvents = {
    failed: (failure) => this.#fail(failure),
    rate: (kbps) => {
      this.#kbps += (kbps - this.#kbps) * (this.#kbps === 0 ? 1 : 0.3);
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
    const { currentTime: time, buffered, paused } = this.#video;
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
    this.#report(end - time);
    const verdict = this.#progress.judge({ now: performance.now(), time, end });
    if (verdict === 'playing') this.#playing();
    else if (verdict === 'silent') this.#fail({ kind: 'closed' });
    else if (verdict === 'starting' || document.hidden) return; // a browser may rest a hidden video
    else if (paused && this.#hasPlayed) this.stop(); // by a media key, say
    else if (verdict === 'stuck') this.#fail({ kind: 'media' });
    else this.state.value = this.#hasPlayed ? 'interrupted' : 'waiting';
  }

  #playing(): void {
    this.#hasPlayed = true;
    this.#attempt = 0;
    this.state.value = 'playing';
  }

  #report(delay: number): void {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const { totalVideoFrames, droppedVideoFrames } = this.#video.getVideoPlaybackQuality();
    this.stats.value = {
      width,
      height,
      kbps: this.#kbps,
      decoded: totalVideoFrames - droppedVideoFrames,
      dropped: droppedVideoFrames,
      delay: Math.max(0, delay),
    };
  }

  readonly #onVisible = (): void => {
    if (!document.hidden && this.#video.paused && this.#hasPlayed && !this.#failed) this.start();
  };

  readonly #onOnline = (): void => {
    if (this.#failed && retries(this.state.value)) this.start();
  };
}
