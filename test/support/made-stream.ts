import { SECOND } from '../../src/base/clock.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Track } from '../../src/media/track.ts';
import { AUDIO, VIDEO } from './tracks.ts';

const VIDEO_STEP = 40_000;
const AUDIO_STEP = 23_220;

/** Frames of a stream from one second to another, 25 pictures a second with a key frame each second, and sound; sizes are by `seed`. */
export function madeStream(from: number, to: number, seed = 0): Sample[] {
  const make = (track: Track, step: number) => {
    const first = Math.ceil((from * SECOND) / step);
    const count = Math.max(0, Math.ceil((to * SECOND) / step) - first);
    return Array.from({ length: count }, (_, i) => madeFrame(track, first + i, (first + i) * step, seed));
  };
  return [...make(VIDEO, VIDEO_STEP), ...make(AUDIO, AUDIO_STEP)].sort((a, b) => a.dts - b.dts);
}

function madeFrame(track: Track, number: number, dts: number, seed: number): Sample {
  const keyframe = track.kind === 'audio' || number % (SECOND / VIDEO_STEP) === 0;
  return { track, dts, pts: dts, keyframe, data: new Uint8Array(10 + ((number * 7 + seed * 13) % 90)) };
}
