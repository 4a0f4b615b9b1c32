import { SECOND } from '../base/clock.ts';
import type { AudioCodec, AudioTrack } from '../media/track.ts';
import { readAacConfig } from './aac/config.ts';
import { eac3Samples } from './ac3/frame.ts';
import { flacBlockSize } from './flac/config.ts';
import { mp3Samples } from './mp3/frame.ts';
import { opusSamples } from './opus/packet.ts';

const AC3_SAMPLES = 1536;

/** How many samples, at the track's rate, come of a frame; 0 where that is unknown. */
const SAMPLES: Record<AudioCodec, (track: AudioTrack, data: Uint8Array) => number> = {
  aac: ({ config }) => readAacConfig(config).frameLength,
  mp3: (_, data) => mp3Samples(data),
  opus: (_, data) => opusSamples(data),
  flac: ({ config }) => flacBlockSize(config),
  ac3: () => AC3_SAMPLES,
  eac3: (_, data) => eac3Samples(data),
};

/** How long a frame sounds, in microseconds and not rounded; 0 where unknown. Never throws for a track that was made. */
export function frameDuration(track: AudioTrack, data: Uint8Array): number {
  return track.sampleRate > 0 ? (SAMPLES[track.codec](track, data) * SECOND) / track.sampleRate : 0;
}
