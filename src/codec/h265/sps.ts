import { BitReader } from '../../base/bit-reader.ts';
import { withoutEmulation } from '../h264/nal.ts';
import { type PictureSize, pictureSize } from '../picture-size.ts';

const PROFILE_BITS = 88;
const LEVEL_BITS = 8;

/** The picture size within its conformance window that an SPS (with its NAL header) tells: H.265, 7.3.2.2.1. */
export function h265PictureSize(sps: Uint8Array): PictureSize {
  const bits = new BitReader(withoutEmulation(sps));
  bits.skip(16 + 4); // NAL header, sps_video_parameter_set_id
  const subLayers = bits.bits(3);
  bits.skip(1); // sps_temporal_id_nesting_flag
  skipProfileTierLevel(bits, subLayers);
  bits.ue(); // sps_seq_parameter_set_id
  const chroma = bits.ue();
  if (chroma === 3) bits.skip(1); // separate_colour_plane_flag
  const [width, height] = [bits.ue(), bits.ue()];
  if (!bits.flag()) return pictureSize(width, height);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  const [left, right, top, bottom] = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
  return pictureSize(width - (left + right) * unitX, height - (top + bottom) * unitY);
}

/** H.265, 7.3.3. */
function skipProfileTierLevel(bits: BitReader, subLayers: number): void {
  bits.skip(PROFILE_BITS + LEVEL_BITS);
  if (subLayers === 0) return;
  const present = Array.from({ length: subLayers }, () => [bits.flag(), bits.flag()]);
  bits.skip(2 * (8 - subLayers)); // reserved_zero_2bits
  for (const [profile, level] of present) bits.skip((profile ? PROFILE_BITS : 0) + (level ? LEVEL_BITS : 0));
}
