import { ByteReader } from '../../base/byte-reader.ts';
import type { VideoTrack } from '../../media/track.ts';

/** The track of a VPCodecConfigurationRecord (VP Codec ISOBMFF Binding 1.0), copied; throws when it is cut short. */
export function vp9Track(vpcC: Uint8Array): VideoTrack {
  const reader = new ByteReader(vpcC);
  const [profile, level, depths] = [reader.u8(), reader.u8(), reader.u8()];
  reader.skip(3); // colour primaries, transfer characteristics, matrix coefficients
  reader.skip(reader.u16()); // codec initialization data
  return {
    kind: 'video',
    codec: 'vp9',
    config: vpcC.slice(),
    width: 0,
    height: 0,
    parameter: `vp09.${[profile, level, depths >> 4].map((part) => String(part).padStart(2, '0')).join('.')}`,
    profile: `Profile ${profile}`,
    level: (level / 10).toFixed(1),
  };
}
