import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { canPlay, type Line, Player, type PlayerOptions, type PlayerState } from '../../../player/src/index.ts';
import { HlsPlayer, type Moment } from './hls-player.ts';
import { noStats, type PlayerStats } from './measure.ts';

/** The ways to one stream. */
export interface Source {
  /** By which lines it is played; undefined where it is by HLS alone. */
  readonly lines: PlayerOptions | undefined;
  /** The playlist, for browsers that cannot play lines at all, and for what is past. */
  readonly hls: string;
}

/** What is known of the lines of a stream. */
export interface LinesNow {
  readonly all: readonly Line[];
  /** The one that plays. */
  readonly line: Line | undefined;
  /** The one that is about to take over. */
  readonly next: Line | undefined;
}

interface ByLines extends LinesNow {
  readonly state: PlayerState;
  readonly since: number;
  readonly codec: string;
  readonly hasVideo: boolean;
  readonly stats: PlayerStats;
}

const nothing: ByLines = {
  all: [],
  line: undefined,
  next: undefined,
  state: 'connecting',
  since: Date.now(),
  codec: '',
  hasVideo: true,
  stats: noStats,
};

/** Plays one stream in one video element: what is live by lines, what is past by HLS. */
export class LivePlayer {
  readonly state: ReadonlySignal<PlayerState>;
  /** In state `unsupported`: the codec, or empty where the browser can play no live stream at all. */
  readonly codec: ReadonlySignal<string>;
  readonly hasVideo: ReadonlySignal<boolean>;
  readonly stats: ReadonlySignal<PlayerStats>;
  readonly lines: ReadonlySignal<LinesNow>;
  /** See {@link HlsPlayer}. */
  readonly past: ReadonlySignal<number | undefined>;
  readonly isHasty: ReadonlySignal<boolean>;
  /** Since when the state is what it is, in Unix milliseconds. */
  readonly since: ReadonlySignal<number>;

  readonly #hls: HlsPlayer;
  readonly #player: Player | undefined;
  readonly #byLines = signal(nothing);
  /** Whether it plays by lines. */
  readonly #isByLines = signal(false);

  constructor(video: HTMLVideoElement, { lines, hls }: Source) {
    this.#player = lines && canPlay() ? new Player(video, lines) : undefined;
    this.#player?.subscribe(() => this.#read(this.#player!));
    this.#isByLines.value = this.#player !== undefined;
    this.#hls = new HlsPlayer(video, hls);
    const either = <T>(ofLines: (by: ByLines) => T, ofHls: ReadonlySignal<T>) =>
      computed(() => (this.#isByLines.value ? ofLines(this.#byLines.value) : ofHls.value));
    this.state = either(({ state }) => state, this.#hls.state);
    this.codec = either(({ codec }) => codec, this.#hls.codec);
    this.hasVideo = either(({ hasVideo }) => hasVideo, this.#hls.hasVideo);
    this.stats = either(({ stats }) => stats, this.#hls.stats);
    this.past = either(() => undefined, this.#hls.past);
    this.isHasty = either(() => false, this.#hls.isHasty);
    this.lines = this.#byLines;
    // Read again whenever the state is another one.
    this.since = either(
      ({ since }) => since,
      computed(() => (this.#hls.state.value ? Date.now() : 0)),
    );
  }

  /** Connects at once, whatever went before. */
  start(): void {
    if (this.#isByLines.value) this.#player!.start();
    else this.#hls.start();
  }

  /** Ends everything. */
  stop(): void {
    this.#player?.stop();
    this.#hls.stop();
  }

  /** Plays from a moment on, or what is live. */
  watch(moment: Moment | undefined): void {
    this.stop();
    this.#isByLines.value = moment === undefined && this.#player !== undefined;
    if (this.#isByLines.value) this.#player!.start();
    else this.#hls.watch(moment);
  }

  /** Plays what is past faster than life until it is live, or no longer. */
  catchUp(isHasty: boolean): void {
    this.#hls.catchUp(isHasty);
  }

  /** Goes over to a line; one who is not on any goes to the best. */
  switchTo(id: string): void {
    if (this.#isByLines.value) this.#player!.switchTo(id);
    else this.watch(undefined);
  }

  /** Asks for the lines as they are now. */
  refresh(): void {
    this.#player?.refresh();
  }

  #read({ lines: all, line, next, state, since, codec, hasVideo, stats }: Player): void {
    this.#byLines.value = { all, line, next, state, since, codec, hasVideo, stats };
  }
}
