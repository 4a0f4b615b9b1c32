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

/** By the core coder's type: samples in a frame without and with frameLengthFlag (ISO/IEC 14496-3, 4.4.1 and 4.6.20). */
const FRAME_LENGTHS = new Map([
  ...[1, 2, 3, 4].map((type): [number, number[]] => [type, [1024, 960]]),
  ...[23, 39].map((type): [number, number[]] => [type, [512, 480]]),
]);

/** What an AudioSpecificConfig says. Rate and channels are those of the core coder, also where SBR doubles the one and PS the other. */
export interface AacConfig {
  /** The audio object type that is signalled first: of SBR or PS where one of them is. */
  readonly type: number;
  /** The audio object type of the core coder. */
  readonly core: number;
  /** In hertz. */
  readonly sampleRate: number;
  /** As ADTS and MPEG-4 number the rates; undefined where the rate is written out. */
  readonly rateIndex: number | undefined;
  /** ISO/IEC 14496-3, table 1.19; 0 where a program config element says it. */
  readonly channelConfiguration: number;
  readonly channels: number;
  /** Samples in a frame, at the core coder's rate; 0 where unknown. */
  readonly frameLength: number;
}

/** Reads an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1); throws when it is malformed. */
export function readAacConfig(config: Uint8Array): AacConfig {
  const bits = new BitReader(config);
  const type = readObjectType(bits);
  const { rateIndex, sampleRate } = readRate(bits);
  const channelConfiguration = bits.bits(4);
  const core = type === SBR || type === PS ? readExtension(bits) : type;
  const isShort = bits.remaining > 0 && bits.flag(); // frameLengthFlag
  const channels = channelConfiguration === 0 ? readProgramChannels(bits) : CHANNELS[channelConfiguration];
  if (!channels) throw new ProtocolError(`AAC channel configuration ${channelConfiguration}`);
  const frameLength = FRAME_LENGTHS.get(core)?.[isShort ? 1 : 0] ?? 0;
  return { type, core, sampleRate, rateIndex, channelConfiguration, channels, frameLength };
}

/** The track of an AudioSpecificConfig, which is copied; see {@link AacConfig}. Throws when it is malformed. */
export function aacTrack(config: Uint8Array): AudioTrack {
  const { type, sampleRate, channels } = readAacConfig(config);
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

function readRate(bits: BitReader): Pick<AacConfig, 'rateIndex' | 'sampleRate'> {
  const index = bits.bits(4);
  const isExplicit = index === EXPLICIT_RATE;
  const sampleRate = isExplicit ? bits.bits(24) : (RATES[index] ?? 0);
  if (sampleRate === 0) throw new ProtocolError(`AAC sampling frequency index ${index}`);
  return { rateIndex: isExplicit ? undefined : index, sampleRate };
}

/** The extension's rate; returns the core coder's object type. */
function readExtension(bits: BitReader): number {
  readRate(bits);
  return readObjectType(bits);
}

/** Channels of the program config element in what a GASpecificConfig has after its frameLengthFlag (ISO/IEC 14496-3, 4.4.1 and 4.4.1.1). */
function readProgramChannels(bits: BitReader): number {
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
