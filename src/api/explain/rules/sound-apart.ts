import { MILLISECOND, SECOND } from '../../../base/clock.ts';
import { inMs } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** Players hold about a second: who has the picture of a moment waits for its sound, or the other way round. */
const APART = 700 * MILLISECOND;
const FAR_APART = 2 * SECOND;

/** Sound and picture of one moment are sent at different times. */
export const soundApart: Rule = {
  name: 'sound-apart',
  where: 'publisher',
  what: 'Sound comes {skew_ms} ms after the picture of the same moment (before it where that is negative): players must wait for the later one, and those with a small reserve stutter.',
  remedy:
    'Let the encoder send both together. ffmpeg: -max_interleave_delta 500000, and -itsoffset where one input is late by itself; x264 with -tune zerolatency, for look-ahead delays the picture. OBS: Edit > Advanced Audio Properties > Sync Offset.',
  judge({ stream: { skew } }) {
    if (skew === undefined || Math.abs(skew) < APART) return [];
    return [{ severity: Math.abs(skew) < FAR_APART ? 'warning' : 'error', figures: { skew_ms: inMs(skew) } }];
  },
};
