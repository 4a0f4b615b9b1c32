import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { AudioTrack } from '../../media/track.ts';

const MPEG1_RATES = [44_100, 48_000, 32_000];
/** By the version bits: MPEG-2.5, reserved, MPEG-2, MPEG-1 (ISO/IEC 11172-3, 2.4.2.3, and ISO/IEC 13818-3). */
const RATE_DIVISORS = [4, 0, 2, 1];
/** In kbit/s by the index, of MPEG-1 and of MPEG-2 (ISO/IEC 11172-3, 2.4.2.3; ISO/IEC 13818-3, 2.4.2.3). */
const BIT_RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
];
const LAYER_III = 1;
const MONO = 3;

/** The track of an MP3 frame, by its header (ISO/IEC 11172-3, 2.4.1.3); throws when that is none. */
export function mp3Track(frame: Uint8Array): AudioTrack {
  const header = new ByteReader(frame).u32();
  const divisor = RATE_DIVISORS[(header >>> 19) & 3]!;
  const rate = MPEG1_RATES[(header >>> 10) & 3];
  const valid = header >>> 21 === 0x7ff && ((header >>> 17) & 3) === LAYER_III && divisor > 0 && rate !== undefined;
  if (!valid) throw new ProtocolError('MP3 frame header expected');
  return {
    kind: 'audio',
    codec: 'mp3',
    config: new Uint8Array(0),
    sampleRate: rate / divisor,
    channels: ((header >>> 6) & 3) === MONO ? 1 : 2,
    parameter: divisor === 1 ? 'mp4a.6B' : 'mp4a.69',
    profile: '',
  };
}

/** How many samples per channel come of the whole MP3 frames in `data` (ISO/IEC 11172-3, 2.4.2.1); 0 where there is none. */
export function mp3Samples(data: Uint8Array): number {
  let samples = 0;
  for (let at = 0; at + 4 <= data.length; ) {
    const length = mp3FrameLength(data, at);
    if (length === 0) break;
    samples += data[at + 1]! & 8 ? 1152 : 576;
    at += length;
  }
  return samples;
}

/** In bytes, with its header; 0 where no frame of a known length begins at `at` (ISO/IEC 11172-3, 2.4.3.1). */
function mp3FrameLength(data: Uint8Array, at: number): number {
  const [sync, version, rates] = [data[at]!, data[at + 1]!, data[at + 2]!];
  const divisor = RATE_DIVISORS[(version >> 3) & 3]!;
  const rate = MPEG1_RATES[(rates >> 2) & 3];
  const isFrame = sync === 0xff && version >> 5 === 7 && ((version >> 1) & 3) === LAYER_III;
  if (!isFrame || divisor === 0 || rate === undefined) return 0;
  const kilobits = BIT_RATES[divisor === 1 ? 0 : 1]![rates >> 4]!;
  const padding = (rates >> 1) & 1;
  return kilobits === 0 ? 0 : Math.floor((((divisor === 1 ? 144 : 72) * 1000 * kilobits) / rate) * divisor) + padding;
}
