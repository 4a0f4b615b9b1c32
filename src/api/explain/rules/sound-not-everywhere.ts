import type { AudioCodec } from '../../../media/track.ts';
import type { Rule, Severity } from '../rule.ts';

const PARTLY: Partial<Record<AudioCodec, { readonly severity: Severity; readonly codec: string }>> = {
  ac3: { severity: 'warning', codec: 'AC-3' },
  eac3: { severity: 'warning', codec: 'E-AC-3' },
  opus: { severity: 'notice', codec: 'Opus' },
};

/** Some browsers play the sound, and others do not. */
export const soundNotEverywhere: Rule = {
  name: 'sound-not-everywhere',
  where: 'publisher',
  what: 'The sound is {codec}, which not all browsers play: AC-3 and E-AC-3 little else than Safari does, Opus all but older Safari.',
  remedy: 'Send AAC. OBS: Settings > Output > Audio Encoder AAC. ffmpeg: -c:a aac -b:a 128k.',
  judge({ stream: { audio } }) {
    const found = audio && PARTLY[audio.codec];
    return found ? [{ severity: found.severity, figures: { codec: found.codec } }] : [];
  },
};
