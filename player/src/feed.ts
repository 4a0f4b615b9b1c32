import { RefusedError } from '../../src/base/errors.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Kind, Track } from '../../src/media/track.ts';
import { Channel } from './channel.ts';
import { BrowserMediaSource, codecOf, typeOf } from './media-source.ts';
import type { Failure } from './policy.ts';
import type { Frames, Kinds } from './source.ts';

/** A kind that was announced and of which no frame came among so many is waited for no longer. */
const ENOUGH_FRAMES = 100;
/** A browser that does not open its MediaSource for so many frames never will. */
const MOST_EARLY = 10_000;

/** What frames a video element is fed with, of whatever lines they come: one MediaSource, a SourceBuffer per track. */
export class Feed {
  readonly #video: HTMLVideoElement;
  readonly #source: MediaSource;
  readonly #url: string;
  readonly #fail: (failure: Failure) => void;
  readonly #channels = new Map<Kind, Channel>();
  /** What came before the SourceBuffers could be made: all of them are, before the first is used. */
  #early: Sample[] = [];
  #isOpen = false;
  #isOver = false;

  /** Takes the video element; `fail` is called once, where it cannot go on. */
  constructor(video: HTMLVideoElement, fail: (failure: Failure) => void) {
    this.#video = video;
    this.#fail = fail;
    this.#source = new BrowserMediaSource!();
    this.#url = URL.createObjectURL(this.#source);
    this.#source.addEventListener('sourceopen', () => this.#open(), { once: true });
    video.disableRemotePlayback = true; // else a ManagedMediaSource does not open
    video.src = this.#url;
  }

  /** Whether there is a picture among what is played. */
  get hasVideo(): boolean {
    return this.#channels.size === 0 || this.#channels.has('video');
  }

  /** Takes the next frames. */
  write({ samples, kinds }: Frames): void {
    if (this.#isOver) return;
    if (this.#channels.size > 0) return this.#hand(samples);
    this.#early.push(...samples);
    if (this.#early.length > MOST_EARLY) return this.#end({ kind: 'media' });
    if (this.#isOpen) this.#begin(kinds);
  }

  close(): void {
    this.#isOver = true;
    this.#video.removeAttribute('src');
    this.#video.load();
    URL.revokeObjectURL(this.#url);
  }

  #open(): void {
    this.#isOpen = true;
    if (this.#early.length > 0) this.#begin(undefined);
  }

  #begin(kinds: Kinds): void {
    const tracks = new Map<Kind, Track>();
    for (const { track } of this.#early) if (!tracks.has(track.kind)) tracks.set(track.kind, track);
    const isWhole = kinds ? [...kinds].every((kind) => tracks.has(kind)) : tracks.size === 2;
    if (!isWhole && this.#early.length < ENOUGH_FRAMES) return;
    for (const track of tracks.values()) if (!this.#add(track)) return;
    this.#hand(this.#early);
    this.#early = [];
  }

  #add(track: Track): boolean {
    try {
      const buffer = this.#source.addSourceBuffer(typeOf(track));
      this.#channels.set(track.kind, new Channel(track, buffer, this.#video, () => this.#end({ kind: 'media' })));
      return true;
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof RefusedError)) throw error;
      this.#end({ kind: 'unsupported', codec: codecOf(track) });
      return false;
    }
  }

  #hand(samples: readonly Sample[]): void {
    for (const sample of samples) this.#channels.get(sample.track.kind)?.write(sample);
    for (const channel of this.#channels.values()) channel.flush();
  }

  #end(failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#fail(failure);
  }
}
