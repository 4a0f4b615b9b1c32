import { MILLISECOND } from '../../../base/clock.ts';
import { inMs, inSeconds } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** People notice it from the first on, and are annoyed by the second (ITU-R BT.1359). */
const NOTICED = 100 * MILLISECOND;
const ANNOYING = 185 * MILLISECOND;

/** The timestamps of sound and of picture do not go equally fast. */
export const soundDrifts: Rule = {
  name: 'sound-drifts',
  where: 'publisher',
  what: 'The timestamps of sound have moved by {drift_ms} ms against those of the picture within {running_s} s: lips are off, and more with time.',
  remedy:
    'The sampling rate that the encoder says is not the one at which sound comes. OBS: Settings > Audio > Sample Rate as in the system, and the same at the device (48 kHz). ffmpeg: -af aresample=async=1 fits sound to its timestamps. Restarting the publisher begins with 0 again.',
  judge({ stream: { drift, running } }) {
    if (drift === undefined || Math.abs(drift) < NOTICED) return [];
    const figures = { drift_ms: inMs(drift), running_s: inSeconds(running) };
    return [{ severity: Math.abs(drift) < ANNOYING ? 'warning' : 'error', figures }];
  },
};
