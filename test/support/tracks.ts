import type { AudioTrack, VideoTrack } from '../../src/media/track.ts';

/** A picture of H.264, for tests that do not look into it. */
export const VIDEO: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  config: Uint8Array.of(1),
  width: 640,
  height: 360,
  parameter: 'avc1.42001e',
  profile: '',
  level: '',
};

/** Sound of AAC, likewise. */
export const AUDIO: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  config: Uint8Array.of(2),
  sampleRate: 48_000,
  channels: 2,
  parameter: 'mp4a.40.2',
  profile: 'LC',
};
