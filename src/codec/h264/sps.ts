import { BitReader } from '../../base/bit-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import { type PictureSize, pictureSize } from '../picture-size.ts';
import { withoutEmulation } from './nal.ts';

const HAS_CHROMA_FORMAT = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MAX_REF_FRAMES_IN_CYCLE = 255;

/** The picture size, cropped, that a sequence parameter set (with its NAL header) tells: H.264, 7.3.2.1.1. */
export function h264PictureSize(sps: Uint8Array): PictureSize {
  const bits = new BitReader(withoutEmulation(sps));
  bits.skip(8); // NAL header
  const profile = bits.bits(8);
  bits.skip(16); // constraint flags, level_idc
  bits.ue(); // seq_parameter_set_id
  const chroma = HAS_CHROMA_FORMAT.has(profile) ? readChroma(bits) : 1;
  bits.ue(); // log2_max_frame_num_minus4
  skipPictureOrder(bits);
  bits.ue(); // max_num_ref_frames
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  return readSize(bits, chroma);
}

/** Reads up to the scaling lists; returns ChromaArrayType. */
function readChroma(bits: BitReader): number {
  const format = bits.ue();
  const separatePlanes = format === 3 && bits.flag();
  bits.ue(); // bit_depth_luma_minus8
  bits.ue(); // bit_depth_chroma_minus8
  bits.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) {
    const lists = format === 3 ? 12 : 8;
    for (let i = 0; i < lists; i++) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return separatePlanes ? 0 : format;
}

/** H.264, 7.3.2.1.1.1. */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  for (let i = 0; i < size; i++) {
    const next = (last + bits.se()) & 0xff;
    if (next === 0) return;
    last = next;
  }
}

function skipPictureOrder(bits: BitReader): void {
  const type = bits.ue();
  if (type === 0) {
    bits.ue(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    bits.skip(1); // delta_pic_order_always_zero_flag
    bits.se(); // offset_for_non_ref_pic
    bits.se(); // offset_for_top_to_bottom_field
    const count = bits.ue();
    if (count > MAX_REF_FRAMES_IN_CYCLE) throw new ProtocolError(`SPS with ${count} reference frames in a cycle`);
    for (let i = 0; i < count; i++) bits.se();
  }
}

function readSize(bits: BitReader, chroma: number): PictureSize {
  const width = (bits.ue() + 1) * 16;
  const mapUnits = bits.ue() + 1;
  const fieldsPerUnit = bits.flag() ? 1 : 2;
  if (fieldsPerUnit === 2) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  const height = mapUnits * 16 * fieldsPerUnit;
  if (!bits.flag()) return pictureSize(width, height);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * fieldsPerUnit;
  const [left, right, top, bottom] = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
  return pictureSize(width - (left + right) * unitX, height - (top + bottom) * unitY);
}
