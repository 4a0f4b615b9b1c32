import { concat } from '../../src/base/bytes.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Track } from '../../src/media/track.ts';
import { TrackWriter } from './track-writer.ts';

/** What was played is kept for so long, at most and at least, in seconds. */
const MOST_PLAYED = 30;
const LEAST_PLAYED = 10;

/** The way of one track's frames into its SourceBuffer. */
export class Channel {
  readonly #writer: TrackWriter;
  readonly #buffer: SourceBuffer;
  readonly #video: HTMLVideoElement;
  readonly #fail: () => void;
  #queue: Uint8Array[] = [];

  /** `fail` is called where the browser takes no more. Throws `RefusedError` where fMP4 cannot carry the track. */
  constructor(track: Track, buffer: SourceBuffer, video: HTMLVideoElement, fail: () => void) {
    this.#writer = new TrackWriter(track);
    this.#buffer = buffer;
    this.#video = video;
    this.#fail = fail;
    buffer.addEventListener('updateend', () => this.#next());
    buffer.addEventListener('error', fail);
  }

  write(sample: Sample): void {
    this.#writer.write(sample);
  }

  /** Hands on what was written. */
  flush(): void {
    this.#queue.push(...this.#writer.flush());
    this.#next();
  }

  #next(): void {
    if (this.#buffer.updating || this.#queue.length === 0 || this.#clean(MOST_PLAYED)) return;
    const bytes = concat(this.#queue);
    try {
      this.#buffer.appendBuffer(bytes as Uint8Array<ArrayBuffer>);
      this.#queue = [];
    } catch (error) {
      // What was played makes room for what comes; where nothing was, there is no room.
      const isFull = error instanceof DOMException && error.name === 'QuotaExceededError';
      if (!isFull || !this.#clean(LEAST_PLAYED)) this.#fail();
    }
  }

  /** Removes what was played, if that is more than `most` seconds; whether it has begun to. */
  #clean(most: number): boolean {
    const { buffered } = this.#buffer;
    const { currentTime } = this.#video;
    if (buffered.length === 0 || currentTime - buffered.start(0) <= most) return false;
    this.#buffer.remove(0, currentTime - LEAST_PLAYED);
    return true;
  }
}
