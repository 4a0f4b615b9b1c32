import { inSeconds, sum } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** Sound and picture have clocks of their own. */
export const oneTrackJumps: Rule = {
  name: 'one-track-jumps',
  where: 'publisher',
  what: 'The timestamps of sound or picture jumped {times}× without those of the other in the last {seconds_s} s: how they belong together is a guess since, and lips may be off.',
  remedy:
    'Have sound and picture taken by one clock: restart the publisher, or where it puts two inputs together, ffmpeg: -use_wallclock_as_timestamps 1 before each -i, and -af aresample=async=1.',
  judge({ span, stream }) {
    const times = sum(stream, ({ reanchored }) => reanchored);
    return times === 0 ? [] : [{ severity: 'warning', figures: { times, seconds_s: inSeconds(span) } }];
  },
};
