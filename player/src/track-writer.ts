import { Fmp4Muxer } from '../../src/container/fmp4/muxer.ts';
import type { Sample } from '../../src/media/frame.ts';
import { sameTrack, type Track } from '../../src/media/track.ts';

/** Makes what a SourceBuffer takes of the frames of one track, whose configuration may change. */
export class TrackWriter {
  #track: Track;
  #muxer: Fmp4Muxer;
  #sequence = 0;
  #ready: Uint8Array[];

  /** Throws `RefusedError` where fMP4 cannot carry the track. */
  constructor(track: Track) {
    this.#track = track;
    this.#muxer = new Fmp4Muxer([track]);
    this.#ready = [this.#muxer.init];
  }

  /** Takes the next frame, of this kind and codec. */
  write(sample: Sample): void {
    if (!sameTrack(sample.track, this.#track)) this.#change(sample);
    // Another line describes the same track by another object.
    this.#muxer.write(sample.track === this.#track ? sample : { ...sample, track: this.#track });
  }

  /** Segments of all frames whose duration is known by now: of all but the newest. Init segments stand before what needs them. */
  flush(): Uint8Array[] {
    const part = this.#muxer.part(this.#sequence);
    if (part) this.#push(part.bytes);
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  #change(next: Sample): void {
    const end = this.#muxer.end(this.#sequence, next);
    if (end) this.#push(end.bytes);
    this.#track = next.track;
    this.#muxer = new Fmp4Muxer([next.track]);
    this.#ready.push(this.#muxer.init);
  }

  #push(bytes: Uint8Array): void {
    this.#sequence++;
    this.#ready.push(bytes);
  }
}
