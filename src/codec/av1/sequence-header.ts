import { BitReader } from '../../base/bit-reader.ts';
import { type PictureSize, pictureSize } from '../picture-size.ts';

/** The largest frame size that a sequence header OBU's payload tells (AV1, 5.5.1). */
export function av1PictureSize(payload: Uint8Array): PictureSize {
  const bits = new BitReader(payload);
  bits.skip(3 + 1); // seq_profile, still_picture
  const reduced = bits.flag();
  if (reduced)
    bits.skip(5); // seq_level_idx[0]
  else skipOperatingPoints(bits);
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  return pictureSize(bits.bits(widthBits) + 1, bits.bits(heightBits) + 1);
}

function skipOperatingPoints(bits: BitReader): void {
  const delayBits = bits.flag() ? skipTiming(bits) : 0;
  const hasDisplayDelay = bits.flag();
  const count = bits.bits(5) + 1;
  for (let i = 0; i < count; i++) {
    bits.skip(12); // operating_point_idc
    if (bits.bits(5) > 7) bits.skip(1); // seq_level_idx, seq_tier
    if (delayBits > 0 && bits.flag()) bits.skip(2 * delayBits + 1); // operating_parameters_info
    if (hasDisplayDelay && bits.flag()) bits.skip(4); // initial_display_delay_minus_1
  }
}

/** timing_info and decoder_model_info (AV1, 5.5.3, 5.5.4); returns the bits of a buffer delay, 0 without a model. */
function skipTiming(bits: BitReader): number {
  bits.skip(64); // num_units_in_display_tick, time_scale
  if (bits.flag()) bits.ue(); // num_ticks_per_picture_minus_1: uvlc is read like ue(v)
  if (!bits.flag()) return 0;
  const delayBits = bits.bits(5) + 1;
  bits.skip(32 + 5 + 5); // num_units_in_decoding_tick, the two lengths
  return delayBits;
}
