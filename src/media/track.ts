import { equalBytes } from '../base/bytes.ts';

/** Codecs, by the names that FFmpeg gives them where it has short ones. */
export type VideoCodec = 'h264' | 'h265' | 'av1' | 'vp9' | 'vp8';
/** See {@link VideoCodec}. */
export type AudioCodec = 'aac' | 'mp3' | 'opus' | 'flac' | 'ac3' | 'eac3';
/** Any codec. */
export type Codec = VideoCodec | AudioCodec;
/** What a track is for; a stream has at most one of each. */
export type Kind = 'video' | 'audio';

/** One video track as its decoder must be set up. Immutable: a change of configuration is a new track. */
export interface VideoTrack {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  /** Decoder configuration as in ISO BMFF: avcC, hvcC, av1C, vpcC; empty where the codec needs none. */
  readonly config: Uint8Array;
  /** Coded picture size in pixels; 0 where the configuration does not tell. */
  readonly width: number;
  readonly height: number;
  /** RFC 6381 codecs parameter, such as `avc1.64001f`. */
  readonly parameter: string;
  /** As people name them, such as `High` and `3.1`; empty where unknown. */
  readonly profile: string;
  readonly level: string;
}

/** One audio track as its decoder must be set up. Immutable. */
export interface AudioTrack {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  /** AudioSpecificConfig (aac), OpusHead (opus), `fLaC` and the metadata blocks (flac); empty for mp3, ac3, eac3. */
  readonly config: Uint8Array;
  /** In hertz; 0 where unknown. */
  readonly sampleRate: number;
  readonly channels: number;
  /** RFC 6381 codecs parameter, such as `mp4a.40.2`. */
  readonly parameter: string;
  /** As people name it, such as `LC`; empty where unknown. */
  readonly profile: string;
}

/** One track of a stream. */
export type Track = VideoTrack | AudioTrack;

/** Whether a decoder set up for one can go on with the other without being told. */
export function sameTrack(a: Track, b: Track): boolean {
  return a.codec === b.codec && a.parameter === b.parameter && equalBytes(a.config, b.config);
}
