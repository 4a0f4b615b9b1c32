import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { AudioTrack } from '../../media/track.ts';

const MPEG1_RATES = [44_100, 48_000, 32_000];
/** By the version bits: MPEG-2.5, reserved, MPEG-2, MPEG-1 (ISO/IEC 11172-3, 2.4.2.3, and ISO/IEC 13818-3). */
const RATE_DIVISORS = [4, 0, 2, 1];
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
