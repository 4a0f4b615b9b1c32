import { RefusedError } from '../../base/errors.ts';
import { readAacConfig } from './config.ts';

/** Without checksum, in bytes. */
const ADTS_HEADER = 7;
/** The longest raw data block that a header can announce, in bytes. */
export const MAX_ADTS_PAYLOAD = 0x1fff - ADTS_HEADER;

const BUFFER_FULLNESS_VARIABLE = 0x7ff;

/**
 * What writes ADTS headers for the frames of an AudioSpecificConfig, given a frame's length of at most
 * {@link MAX_ADTS_PAYLOAD} (ISO/IEC 14496-3, 1.A.2.2). Throws {@link RefusedError} where ADTS cannot say what it says;
 * SBR and PS, which it cannot say either, are found by decoders in the frames.
 */
export function adtsHeaders(config: Uint8Array): (length: number) => Uint8Array {
  const { core, rateIndex, channelConfiguration } = readAacConfig(config);
  if (core > 4) throw new RefusedError('unsupported', `ADTS cannot carry AAC of object type ${core}`);
  if (rateIndex === undefined) throw new RefusedError('unsupported', 'ADTS cannot carry AAC of an unusual sample rate');
  if (channelConfiguration === 0 || channelConfiguration > 7) {
    throw new RefusedError('unsupported', `ADTS cannot carry AAC of channel configuration ${channelConfiguration}`);
  }
  const first = ((core - 1) << 6) | (rateIndex << 2) | (channelConfiguration >> 2);
  return (length) => header(first, channelConfiguration & 3, ADTS_HEADER + length);
}

function header(first: number, channels: number, length: number): Uint8Array {
  return Uint8Array.of(
    0xff, // syncword, MPEG-4, no checksum
    0xf1,
    first,
    (channels << 6) | (length >> 11),
    length >> 3,
    (length << 5) | (BUFFER_FULLNESS_VARIABLE >> 6),
    (BUFFER_FULLNESS_VARIABLE << 2) & 0xff,
  );
}
