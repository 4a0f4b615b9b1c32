import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { VideoTrack } from '../../media/track.ts';
import { someNalUnit } from '../h264/nal.ts';
import { h265PictureSize } from './sps.ts';

/** The parts of an hvcC that a decoder or a muxer needs; the parameter sets are views, in the order of the hvcC. */
export interface HvcC {
  readonly lengthSize: number;
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const VPS = 32;
const SPS = 33;
const PPS = 34;
const FIRST_IRAP = 16;
const LAST_IRAP = 23;

const PROFILES = ['', 'Main', 'Main 10', 'Main Still Picture', 'Range Extensions', 'High Throughput'];

/** Parses an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1); throws when it is cut short. */
export function readHvcC(hvcC: Uint8Array): HvcC {
  const reader = new ByteReader(hvcC);
  const version = reader.u8();
  if (version > 1) throw new ProtocolError(`hvcC of version ${version}`); // encoders older than the standard write 0
  reader.skip(20); // profile, tier, level, chroma, depths, frame rate
  const lengthSize = (reader.u8() & 3) + 1;
  const sets = new Map<number, Uint8Array[]>([
    [VPS, []],
    [SPS, []],
    [PPS, []],
  ]);
  for (let arrays = reader.u8(); arrays > 0; arrays--) {
    const type = reader.u8() & 63;
    for (let count = reader.u16(); count > 0; count--) {
      const unit = reader.take(reader.u16());
      sets.get(type)?.push(unit);
    }
  }
  return { lengthSize, vps: sets.get(VPS)!, sps: sets.get(SPS)!, pps: sets.get(PPS)! };
}

/** The track of an hvcC, which is copied. Its size is 0 where the hvcC has no SPS. Throws when either is malformed. */
export function h265Track(hvcC: Uint8Array): VideoTrack {
  const sps = readHvcC(hvcC).sps[0];
  const size = sps === undefined ? { width: 0, height: 0 } : h265PictureSize(sps);
  return {
    kind: 'video',
    codec: 'h265',
    config: hvcC.slice(),
    ...size,
    parameter: h265Parameter(hvcC),
    profile: PROFILES[hvcC[1]! & 31] ?? '',
    level: (hvcC[12]! / 30).toFixed(1),
  };
}

/** The hvcC, which was read before, with every array marked complete, as sample entries of type `hvc1` must say: a copy. */
export function withCompleteArrays(hvcC: Uint8Array): Uint8Array {
  const copy = hvcC.slice();
  const reader = new ByteReader(copy);
  reader.skip(22);
  for (let arrays = reader.u8(); arrays > 0; arrays--) {
    copy[reader.offset]! |= 0x80;
    reader.skip(1);
    for (let count = reader.u16(); count > 0; count--) reader.skip(reader.u16());
  }
  return copy;
}

/** How many bytes stand for each NAL unit's length in the frames of an h265 track. */
export function h265LengthSize(hvcC: Uint8Array): number {
  return (hvcC[21]! & 3) + 1;
}

/** Whether a length-prefixed access unit holds an IRAP picture: IDR, CRA or BLA (H.265, table 7-1). */
export function isH265KeyFrame(data: Uint8Array, lengthSize: number): boolean {
  return someNalUnit(data, lengthSize, (firstByte) => {
    const type = (firstByte >> 1) & 63;
    return type >= FIRST_IRAP && type <= LAST_IRAP;
  });
}

/** ISO/IEC 14496-15, annex E.3. */
function h265Parameter(hvcC: Uint8Array): string {
  const profile = `${['', 'A', 'B', 'C'][hvcC[1]! >> 6]}${hvcC[1]! & 31}`;
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit++) compatibility += ((hvcC[2 + (bit >> 3)]! >> (7 - (bit & 7))) & 1) * 2 ** bit;
  const tier = hvcC[1]! & 0x20 ? 'H' : 'L';
  const constraints = [...hvcC.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  return ['hvc1', profile, hex(compatibility), `${tier}${hvcC[12]}`, ...constraints.map(hex)].join('.');
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}
