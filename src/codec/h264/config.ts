import { ByteReader } from '../../base/byte-reader.ts';
import { toHex } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { VideoTrack } from '../../media/track.ts';
import { someNalUnit } from './nal.ts';
import { h264PictureSize } from './sps.ts';

/** The parts of an avcC that a decoder or a muxer needs; the parameter sets are views. */
export interface AvcC {
  readonly lengthSize: number;
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const IDR = 5;

const PROFILES = new Map([
  [44, 'CAVLC 4:4:4 Intra'],
  [66, 'Baseline'],
  [77, 'Main'],
  [88, 'Extended'],
  [100, 'High'],
  [110, 'High 10'],
  [122, 'High 4:2:2'],
  [244, 'High 4:4:4 Predictive'],
]);

/** Parses an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1); throws when it is cut short. */
export function readAvcC(avcC: Uint8Array): AvcC {
  const reader = new ByteReader(avcC);
  const version = reader.u8();
  if (version !== 1) throw new ProtocolError(`avcC of version ${version}`);
  reader.skip(3); // profile, constraints, level
  const lengthSize = (reader.u8() & 3) + 1;
  const sps = readSets(reader, reader.u8() & 31);
  return { lengthSize, sps, pps: readSets(reader, reader.u8()) };
}

/** The track of an avcC, which is copied. Its size is 0 where the avcC has no SPS. Throws when either is malformed. */
export function h264Track(avcC: Uint8Array): VideoTrack {
  const sps = readAvcC(avcC).sps[0];
  const size = sps === undefined ? { width: 0, height: 0 } : h264PictureSize(sps);
  const [profile, constraints, level] = [avcC[1]!, avcC[2]!, avcC[3]!];
  return {
    kind: 'video',
    codec: 'h264',
    config: avcC.slice(),
    ...size,
    parameter: `avc1.${toHex(avcC.subarray(1, 4))}`,
    profile: profileName(profile, constraints),
    level: (level / 10).toFixed(1),
  };
}

/** How many bytes stand for each NAL unit's length in the frames of an h264 track. */
export function h264LengthSize(avcC: Uint8Array): number {
  return (avcC[4]! & 3) + 1;
}

/** Whether a length-prefixed access unit holds an IDR picture (H.264, table 7-1). */
export function isH264KeyFrame(data: Uint8Array, lengthSize: number): boolean {
  return someNalUnit(data, lengthSize, (firstByte) => (firstByte & 31) === IDR);
}

function profileName(profile: number, constraints: number): string {
  const constrained = profile === 66 && (constraints & 0x40) !== 0;
  return constrained ? 'Constrained Baseline' : (PROFILES.get(profile) ?? '');
}

function readSets(reader: ByteReader, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => reader.take(reader.u16()));
}
