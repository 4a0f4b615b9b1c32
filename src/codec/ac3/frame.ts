import { BitReader } from '../../base/bit-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { AudioTrack } from '../../media/track.ts';

const SYNC_WORD = 0x0b77;
const RATES = [48_000, 44_100, 32_000];
const HALF_RATES = 3;
const SAMPLES_IN_BLOCK = 256;
/** Full-bandwidth channels by `acmod` (ETSI TS 102 366, table 4.3). */
const CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];

/** The track of an AC-3 sync frame (ETSI TS 102 366, 4.3.1 and 4.3.2); throws when it is none. */
export function ac3Track(frame: Uint8Array): AudioTrack {
  const bits = syncFrame(frame);
  bits.skip(16); // crc1
  const sampleRate = rate(bits.bits(2));
  bits.skip(6 + 5 + 3); // frmsizecod, bsid, bsmod
  const mode = bits.bits(3);
  const hasCentreLevel = (mode & 1) === 1 && mode !== 1;
  bits.skip((hasCentreLevel ? 2 : 0) + (mode & 4 ? 2 : 0) + (mode === 2 ? 2 : 0));
  return track('ac3', 'ac-3', sampleRate, CHANNELS[mode]! + bits.bit());
}

/** The track of an E-AC-3 sync frame (ETSI TS 102 366, E.1.2.2); throws when it is none. */
export function eac3Track(frame: Uint8Array): AudioTrack {
  const bits = syncFrame(frame);
  bits.skip(2 + 3 + 11); // strmtyp, substreamid, frmsiz
  const code = bits.bits(2);
  const second = bits.bits(2); // fscod2 or numblkscod
  const sampleRate = code === HALF_RATES ? rate(second) / 2 : rate(code);
  return track('eac3', 'ec-3', sampleRate, CHANNELS[bits.bits(3)]! + bits.bit());
}

/** How many samples per channel come of an E-AC-3 sync frame (ETSI TS 102 366, E.1.3.1.4 and E.1.3.1.5). */
export function eac3Samples(frame: Uint8Array): number {
  const codes = (frame[4] ?? 0) >> 4; // fscod, numblkscod
  return SAMPLES_IN_BLOCK * (codes >> 2 === HALF_RATES ? 6 : [1, 2, 3, 6][codes & 3]!);
}

function syncFrame(frame: Uint8Array): BitReader {
  const bits = new BitReader(frame);
  if (bits.bits(16) !== SYNC_WORD) throw new ProtocolError('AC-3 sync word expected');
  return bits;
}

function rate(code: number): number {
  const found = RATES[code];
  if (found === undefined) throw new ProtocolError(`AC-3 sample rate code ${code}`);
  return found;
}

function track(codec: 'ac3' | 'eac3', parameter: string, sampleRate: number, channels: number): AudioTrack {
  return { kind: 'audio', codec, config: new Uint8Array(0), sampleRate, channels, parameter, profile: '' };
}
