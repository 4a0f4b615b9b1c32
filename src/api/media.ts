import { z } from 'zod';
import type { AudioTrack, Codec, VideoTrack } from '../media/track.ts';
import { count } from './shapes.ts';

/** Codecs as SRS names them. */
const NAMES: Readonly<Record<Codec, string>> = {
  h264: 'H264',
  h265: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
  aac: 'AAC',
  mp3: 'MP3',
  opus: 'Opus',
  flac: 'FLAC',
  ac3: 'AC3',
  eac3: 'EAC3',
};

/** A video track in SRS's shape. */
export const video = z.object({
  codec: z.string(),
  profile: z.string(),
  level: z.string(),
  width: count,
  height: count,
});

/** An audio track in SRS's shape. */
export const audio = z.object({ codec: z.string(), sample_rate: count, channel: count, profile: z.string() });

/** Fills {@link video}. */
export function describeVideo({ codec, profile, level, width, height }: VideoTrack): z.output<typeof video> {
  return { codec: NAMES[codec], profile, level, width, height };
}

/** Fills {@link audio}. */
export function describeAudio({ codec, sampleRate, channels, profile }: AudioTrack): z.output<typeof audio> {
  return { codec: NAMES[codec], sample_rate: sampleRate, channel: channels, profile };
}
