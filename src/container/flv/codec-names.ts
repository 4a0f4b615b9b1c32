import type { Kind } from '../../media/track.ts';

const LEGACY_NAMES: Record<Kind, Record<number, string>> = {
  video: {
    2: 'Sorenson H.263',
    3: 'Screen Video',
    4: 'VP6',
    5: 'VP6 with alpha',
    6: 'Screen Video 2',
    9: 'MPEG-4 Visual',
  },
  audio: {
    0: 'PCM',
    1: 'ADPCM',
    3: 'PCM',
    4: 'Nellymoser',
    5: 'Nellymoser',
    6: 'Nellymoser',
    7: 'G.711 A-law',
    8: 'G.711 mu-law',
    11: 'Speex',
    15: 'device-specific sound',
  },
};

/** What people call a CodecID or SoundFormat that has no row. */
export function legacyName(kind: Kind, id: number): string {
  return LEGACY_NAMES[kind][id] ?? `number ${id}`;
}

/** A FourCC from the wire, fit to be shown. */
export function fourCcName(fourCc: number): string {
  const codes = [24, 16, 8, 0].map((shift) => (fourCc >>> shift) & 0xff);
  const printable = codes.every((code) => code > 0x20 && code < 0x7f);
  return printable ? String.fromCharCode(...codes) : `0x${fourCc.toString(16).padStart(8, '0')}`;
}
