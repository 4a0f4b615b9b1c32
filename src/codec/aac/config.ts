import { BitReader } from '../../base/bit-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { AudioTrack } from '../../media/track.ts';

const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const EXPLICIT_RATE = 15;
/** By channelConfiguration; 0 stands for a program config element (ISO/IEC 14496-3, table 1.19). */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, undefined, 8];

const SBR = 5;
const PS = 29;
const ESCAPE = 31;
const PROFILES = new Map([
  [1, 'Main'],
  [2, 'LC'],
  [3, 'SSR'],
  [4, 'LTP'],
  [SBR, 'HE'],
  [23, 'LD'],
  [PS, 'HE v2'],
  [39, 'ELD'],
]);

/**
 * The track of an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), which is copied. Rate and channels are those of the
 * core coder, also where SBR doubles the one and PS the other. Throws when it is malformed.
 */
export function aacTrack(config: Uint8Array): AudioTrack {
  const bits = new BitReader(config);
  const type = readObjectType(bits);
  const sampleRate = readRate(bits);
  const configuration = bits.bits(4);
  if (type === SBR || type === PS) skipExtension(bits);
  const channels = configuration === 0 ? readProgramChannels(bits) : CHANNELS[configuration];
  if (!channels) throw new ProtocolError(`AAC channel configuration ${configuration}`);
  return {
    kind: 'audio',
    codec: 'aac',
    config: config.slice(),
    sampleRate,
    channels,
    parameter: `mp4a.40.${type}`,
    profile: PROFILES.get(type) ?? '',
  };
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === ESCAPE ? 32 + bits.bits(6) : type;
}

function readRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === EXPLICIT_RATE ? bits.bits(24) : (RATES[index] ?? 0);
  if (rate === 0) throw new ProtocolError(`AAC sampling frequency index ${index}`);
  return rate;
}

/** The extension's rate and the core coder's object type. */
function skipExtension(bits: BitReader): void {
  readRate(bits);
  readObjectType(bits);
}

/** Channels of the program config element in a GASpecificConfig (ISO/IEC 14496-3, 4.4.1 and 4.4.1.1). */
function readProgramChannels(bits: BitReader): number {
  bits.skip(1); // frameLengthFlag
  if (bits.flag()) bits.skip(14); // coreCoderDelay
  bits.skip(1 + 4 + 2 + 4); // extensionFlag, element_instance_tag, object_type, sampling_frequency_index
  const counts = [bits.bits(4), bits.bits(4), bits.bits(4)]; // front, side, back
  const lfe = bits.bits(2);
  bits.skip(3 + 4); // num_assoc_data_elements, num_valid_cc_elements
  for (const length of [4, 4, 3]) if (bits.flag()) bits.skip(length); // mono, stereo and matrix mixdown
  let channels = lfe;
  for (const count of counts) channels += readElementChannels(bits, count);
  return channels;
}

function readElementChannels(bits: BitReader, count: number): number {
  let channels = 0;
  for (let i = 0; i < count; i++) {
    channels += bits.flag() ? 2 : 1; // element_is_cpe
    bits.skip(4); // element_tag_select
  }
  return channels;
}
