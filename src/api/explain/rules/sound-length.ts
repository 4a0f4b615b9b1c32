import { MILLISECOND, SECOND } from '../../../base/clock.ts';
import { inHundredths } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** More than this is heard, and is no rounding: of all sound, and at the least. */
const SHARE = 0.005;
const BAD_SHARE = 0.03;
const LEAST = 150 * MILLISECOND;

/** There is more or less sound than its timestamps have room for. */
export const soundLength: Rule = {
  name: 'sound-length',
  where: 'publisher',
  what: 'There is {sound_s} s of sound for {time_s} s of its timestamps: players fill the gaps with silence or stop at them, or drop what is too much, and lips go off.',
  remedy:
    'Where some is missing, sound is left out: a device that drops out, a processor that is too slow, an encoder that pauses while it is silent. A share that stays the same is a wrong sampling rate: set one rate, such as 48 kHz, in the system, at the device, and in OBS under Settings > Audio. ffmpeg: -af aresample=async=1.',
  judge({ stream: { stretches, audio }, links }) {
    // What was lost on the way is not the publisher's fault.
    if (!audio?.frameDuration || links.some(({ residual }) => residual > 0)) return [];
    const orderly = stretches.filter(({ jumps, reanchored }) => jumps === 0 && reanchored === 0);
    const total = (of: 'audioTime' | 'audioFrames') => orderly.reduce((sum, stretch) => sum + stretch[of], 0);
    const [time, sound] = [total('audioTime'), total('audioFrames') * audio.frameDuration];
    const apart = Math.abs(sound - time);
    if (time < SECOND || apart < LEAST || apart < time * SHARE) return [];
    const figures = { sound_s: inHundredths(sound), time_s: inHundredths(time) };
    return [{ severity: apart < time * BAD_SHARE ? 'warning' : 'error', figures }];
  },
};
