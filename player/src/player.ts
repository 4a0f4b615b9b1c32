import type { Wish } from './dispatch.ts';
import type { Line } from './line.ts';
import { BrowserMediaSource } from './media-source.ts';
import { OPENERS } from './openers.ts';
import { type PlayerState, retries } from './policy.ts';
import { stalledAfter } from './progress.ts';
import { noStats, type PlayerStats } from './stats.ts';
import { Watch } from './watch.ts';

/** What is to be played, and how. */
export interface PlayerOptions {
  /** Such as `live/movie`. */
  readonly stream: string;
  /** The server that is asked for lines, such as `https://live.example.com`; that of the page where it is absent. */
  readonly server?: string;
  /** What lets the viewer in, as it stands in a URL: `?token=…`. */
  readonly query?: string;
  /** Who watches; made up where it is absent. */
  readonly viewer?: string;
  /** Where that is, for the server to choose a near node. */
  readonly region?: string;
  /** The only lines, where no server is to be asked for them. */
  readonly lines?: readonly Line[];
  /** The protocols that may be used, the dearest first, of `http-flv`, `ws-flv`, `ll-hls` and `hls`. */
  readonly protocols?: readonly string[];
}

const SECRET_BYTES = 12;

/** Whether this browser can play lines at all. */
export function canPlay(): boolean {
  return BrowserMediaSource !== undefined;
}

/**
 * Keeps a stream playing in a video element. All that can be read may change with every call to those who {@link subscribe}d.
 */
export class Player {
  readonly #video: HTMLVideoElement;
  readonly #wish: Wish;
  readonly #listeners = new Set<() => void>();
  #watch: Watch | undefined;
  #state: PlayerState = 'paused';
  #since = Date.now();
  #codec = '';

  /** Nothing happens before `start`. */
  constructor(video: HTMLVideoElement, options: PlayerOptions) {
    this.#video = video;
    const wished = options.protocols ?? [...OPENERS.keys()];
    const { stream, server = location.origin, query = '', viewer = madeUp(), region = '', lines } = options;
    this.#wish = {
      stream,
      server,
      query,
      viewer,
      region,
      lines,
      protocols: wished.filter((each) => OPENERS.has(each)),
    };
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** When the state became what it is, in Unix milliseconds by this machine's clock. */
  get since(): number {
    return this.#since;
  }

  /** In state `unsupported`: the codec, or empty where the browser can play no line at all. */
  get codec(): string {
    return this.#codec;
  }

  /** The lines that can be played, the best first. */
  get lines(): readonly Line[] {
    return this.#watch?.lines ?? [];
  }

  /** The line that plays. */
  get line(): Line | undefined {
    return this.#watch?.line;
  }

  /** The line that is about to take over. */
  get next(): Line | undefined {
    return this.#watch?.next;
  }

  get hasVideo(): boolean {
    return this.#watch?.hasVideo ?? true;
  }

  get stats(): PlayerStats {
    return this.#watch?.stats ?? noStats;
  }

  /** Calls `listener` after every change, several times a second while it plays; returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Plays what is live, whatever went before. */
  start(): void {
    this.stop('connecting');
    if (!canPlay()) return this.#set('unsupported');
    document.addEventListener('visibilitychange', this.#onVisible);
    const watch: Watch = new Watch(this.#video, this.#wish, {
      state: (state, codec) => watch === this.#watch && this.#become(state, codec),
      changed: () => watch === this.#watch && this.#tell(),
    });
    this.#watch = watch;
  }

  /** Ends everything; the state tells why. */
  stop(state: PlayerState = 'paused'): void {
    this.#watch?.close();
    this.#watch = undefined;
    document.removeEventListener('visibilitychange', this.#onVisible);
    this.#set(state);
  }

  /** Goes over to one of the lines, by its id, without an interruption. False where there is no such line. */
  switchTo(id: string): boolean {
    const line = this.lines.find((each) => each.id === id);
    if (line) this.#watch!.go(line);
    return line !== undefined;
  }

  /** Asks for the lines as they are now. */
  refresh(): void {
    this.#watch?.refresh();
  }

  #become(state: PlayerState, codec = ''): void {
    this.#codec = codec;
    if (retries(state)) this.#set(state);
    else this.stop(state);
  }

  #set(state: PlayerState): void {
    if (state === this.#state) return;
    // The picture had stood still for a while when that was taken for an interruption.
    this.#since = Date.now() - (state === 'interrupted' ? stalledAfter : 0);
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** A browser may have stopped a video that nobody saw. */
  readonly #onVisible = (): void => {
    if (!document.hidden && this.#video.paused && this.#state === 'playing') this.start();
  };
}

function madeUp(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
