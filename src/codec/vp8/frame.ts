import type { VideoTrack } from '../../media/track.ts';

const KEY_FRAME_HEADER_SIZE = 10;

/** The track of a VP8 key frame (RFC 6386, 9.1), or nothing where the frame is none. */
export function vp8Track(frame: Uint8Array): VideoTrack | undefined {
  if (frame.length < KEY_FRAME_HEADER_SIZE || (frame[0]! & 1) === 1) return undefined;
  if (frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) return undefined;
  return {
    kind: 'video',
    codec: 'vp8',
    config: new Uint8Array(0),
    width: frame[6]! | ((frame[7]! & 0x3f) << 8),
    height: frame[8]! | ((frame[9]! & 0x3f) << 8),
    parameter: 'vp8',
    profile: '',
    level: '',
  };
}
