import { MILLISECOND } from '../../base/clock.ts';
import { assert, RefusedError } from '../../base/errors.ts';
import { frameDuration } from '../../codec/frame-duration.ts';
import type { Sample } from '../../media/frame.ts';
import type { Kind, Track } from '../../media/track.ts';
import { fragment, type Run } from './fragment.ts';
import { initSegment } from './init.ts';

/** What came of the frames of one track in a {@link Fragment}. Times are decoding times in microseconds. */
interface Span {
  readonly kind: Kind;
  readonly frames: number;
  readonly from: number;
  /** Where the last frame's duration ends. */
  readonly to: number;
}

/** A fragment of a stream: an HLS part, or a whole segment. */
export interface Fragment {
  readonly bytes: Uint8Array;
  /** Whether decoding can begin with it: it begins with a key frame, or there is no video. */
  readonly startable: boolean;
  /** The tracks of which it has frames. */
  readonly spans: readonly Span[];
}

/** The frames of one track that wait to become a fragment. */
interface Waiting {
  readonly track: Track;
  frames: Sample[];
  /** The last step from frame to frame in this segment, in microseconds. */
  step: number | undefined;
}

/** How long a picture is shown of which nothing tells. */
const USUAL_STEP = 40 * MILLISECOND;
/** How much may wait for its fragment. */
const MAX_BYTES = 128 * 1024 * 1024;
const MAX_FRAMES = 65_536;

/**
 * Makes fragments of a stream's frames. A frame's duration is known when the next one of its track comes; until then it
 * waits, so that all durations are true and parts end where they may, even at a frame rate that varies.
 */
export class Fmp4Muxer {
  /** What a decoder needs before the first fragment: the same as long as the tracks are. */
  readonly init: Uint8Array;
  readonly #waiting: readonly Waiting[];
  readonly #hasVideo: boolean;
  #bytes = 0;
  #frames = 0;

  /** At most one track of each kind. Throws `RefusedError` where fMP4 cannot carry one. */
  constructor(tracks: readonly Track[]) {
    this.init = initSegment(tracks);
    this.#waiting = tracks.map((track) => ({ track, frames: [], step: undefined }));
    this.#hasVideo = tracks.some(({ kind }) => kind === 'video');
  }

  /** Takes the next frame, which must be of one of the tracks given. Throws `RefusedError` when too much waits. */
  write(frame: Sample): void {
    const waiting = this.#waiting.find(({ track }) => track === frame.track);
    assert(waiting, 'an fMP4 muxer is given frames of its own tracks');
    this.#frames++;
    this.#bytes += frame.data.length;
    if (this.#frames > MAX_FRAMES || this.#bytes > MAX_BYTES) {
      throw new RefusedError('too-large', `a fragment of more than ${MAX_FRAMES} frames or ${MAX_BYTES} bytes`);
    }
    const last = waiting.frames.at(-1);
    if (last) waiting.step = frame.dts - last.dts;
    waiting.frames.push(frame);
  }

  /** A fragment of all frames whose duration is known: all but the newest of each track. Nothing where there is none. */
  part(sequence: number): Fragment | undefined {
    const runs: Run[] = [];
    for (const waiting of this.#waiting) {
      const last = waiting.frames.at(-1);
      if (!last || waiting.frames.length === 1) continue;
      runs.push({ kind: waiting.track.kind, frames: waiting.frames.slice(0, -1), end: last.dts });
      waiting.frames = [last];
    }
    return this.#fragment(sequence, runs);
  }

  /**
   * A fragment of all frames that wait: a segment's last. `next`, where it is known, is the frame that begins the next
   * segment (and is written after this): it tells the duration of its track's last frame, which else is estimated from
   * this segment alone.
   */
  end(sequence: number, next?: Sample): Fragment | undefined {
    const runs: Run[] = [];
    for (const waiting of this.#waiting) {
      const { track, frames } = waiting;
      if (frames.length === 0) continue;
      const end = next?.track.kind === track.kind ? next.dts : estimatedEnd(waiting);
      runs.push({ kind: track.kind, frames, end });
      waiting.frames = [];
      waiting.step = undefined;
    }
    return this.#fragment(sequence, runs);
  }

  #fragment(sequence: number, runs: readonly Run[]): Fragment | undefined {
    this.#recount();
    if (runs.length === 0) return undefined;
    const video = runs.find(({ kind }) => kind === 'video');
    return {
      bytes: fragment(sequence, runs),
      startable: video ? video.frames[0]!.keyframe : !this.#hasVideo,
      spans: runs.map(({ kind, frames, end }) => ({ kind, frames: frames.length, from: frames[0]!.dts, to: end })),
    };
  }

  #recount(): void {
    this.#frames = 0;
    this.#bytes = 0;
    for (const { frames } of this.#waiting) {
      this.#frames += frames.length;
      for (const { data } of frames) this.#bytes += data.length;
    }
  }
}

function estimatedEnd({ track, frames, step }: Waiting): number {
  const last = frames.at(-1)!;
  const duration = track.kind === 'audio' ? Math.round(frameDuration(track, last.data)) : 0;
  return last.dts + (duration || step || USUAL_STEP);
}
