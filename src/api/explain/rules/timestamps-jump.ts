import { inSeconds, sum } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** As often in a minute it is no accident. */
const OFTEN = 3;

/** The publisher's clock leaps. */
export const timestampsJump: Rule = {
  name: 'timestamps-jump',
  where: 'publisher',
  what: 'The timestamps of the publisher jumped {jumps}× in the last {seconds_s} s. The server mended them; what was recorded or sent on elsewhere may still have a gap.',
  remedy:
    'Let the encoder make its own times. ffmpeg: a file that loops or a list of files needs -re before -i and, where it is a camera, -use_wallclock_as_timestamps 1 before -i; avoid -copyts. OBS: a media source or capture card that resets does it; restart it, or turn off "Use device timestamps".',
  judge({ span, stream }) {
    const jumps = sum(stream, (stretch) => stretch.jumps);
    if (jumps === 0) return [];
    return [{ severity: jumps < OFTEN ? 'warning' : 'error', figures: { jumps, seconds_s: inSeconds(span) } }];
  },
};
