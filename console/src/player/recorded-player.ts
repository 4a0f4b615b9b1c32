import { signal } from '@preact/signals';
import type HlsPlayer from 'hls.js';
import { codecInMessage } from '../../../player/src/codecs.ts';
import { loadHls, longestBuffer } from './hls-connection.ts';

/** What the player of a recording tells the viewer; also the `data-state` of its element. */
export type RecordedState =
  | 'connecting'
  | 'playing'
  | 'paused'
  | 'refused' // it may not be played, or is gone
  | 'offline' // the server does not answer
  | 'unsupported'; // this browser cannot play the codec

/** Plays one recording in one video element, of which it loads only what is near to where it plays. */
export class RecordedPlayer {
  readonly state = signal<RecordedState>('connecting');
  /** In state `unsupported`: the codec, or empty where it is not known. */
  readonly codec = signal('');
  /** Where it is, and how long the recording is so far, in seconds. */
  readonly time = signal(0);
  readonly duration = signal(0);
  readonly #video: HTMLVideoElement;
  readonly #playlist: string;
  readonly #closing = new AbortController();
  #hls: HlsPlayer | undefined;

  /** Begins at once with the first picture. */
  constructor(video: HTMLVideoElement, playlist: string) {
    this.#video = video;
    this.#playlist = playlist;
    const on = (event: string, act: () => void) => video.addEventListener(event, act, { signal: this.#closing.signal });
    on('timeupdate', () => this.#look());
    on('durationchange', () => this.#look());
    on('play', () => (this.state.value = 'playing'));
    on('pause', () => (this.state.value = 'paused'));
    void this.#load();
  }

  /** Plays, or pauses; from the beginning once it is at its end. */
  toggle(): void {
    if (this.#video.paused) this.#play();
    else this.#video.pause();
  }

  /** Goes to so many seconds from the beginning. */
  seek(time: number): void {
    this.#video.currentTime = time;
    this.time.value = time;
  }

  /** How fast it plays: 1 is as fast as life. */
  set rate(rate: number) {
    this.#video.playbackRate = rate;
  }

  close(): void {
    this.#closing.abort();
    this.#hls?.destroy();
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  async #load(): Promise<void> {
    const Hls = await loadHls().catch(() => undefined);
    if (this.#closing.signal.aborted) return;
    if (!Hls) this.state.value = 'offline';
    else if (Hls.isSupported()) this.#attach(Hls);
    else this.#video.src = this.#playlist;
    this.#play();
  }

  #attach(Hls: typeof HlsPlayer): void {
    const hls = new Hls({ startPosition: 0, maxMaxBufferLength: longestBuffer, enableWorker: false });
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_, { fatal, type, mimeType = '', response }) => {
      if (!fatal) return;
      const status = response?.code ?? 0;
      if (type === Hls.ErrorTypes.NETWORK_ERROR) this.state.value = status >= 400 ? 'refused' : 'offline';
      else {
        this.codec.value = codecInMessage(mimeType) ?? '';
        this.state.value = 'unsupported';
      }
    });
    hls.loadSource(this.#playlist);
    hls.attachMedia(this.#video);
  }

  #play(): void {
    // A browser that forbids it shows the recording paused.
    this.#video.play().catch(() => {
      if (this.state.value === 'connecting') this.state.value = 'paused';
    });
  }

  #look(): void {
    const { currentTime, duration } = this.#video;
    this.time.value = currentTime;
    if (Number.isFinite(duration)) this.duration.value = duration;
  }
}
