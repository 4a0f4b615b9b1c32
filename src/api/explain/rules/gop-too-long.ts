import { SECOND } from '../../../base/clock.ts';
import { inSeconds, most } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** Who joins gets everything since the last key frame, and a segment of HLS cannot be shorter. */
const LONG = 4.5 * SECOND;
const VERY_LONG = 10 * SECOND;

/** Key frames are far apart. */
export const gopTooLong: Rule = {
  name: 'gop-too-long',
  where: 'publisher',
  what: 'Key frames are up to {longest_s} s apart: viewers join slowly or far behind, wait as long after a loss, and HLS is later by several times that.',
  remedy:
    'Set a key frame every 2 s. OBS: Settings > Output > Keyframe Interval 2 s (0 is "auto", with x264 250 frames). ffmpeg: -g with twice the frame rate, such as -g 60, and -force_key_frames "expr:gte(t,n_forced*2)" where the rate varies.',
  judge({ stream }) {
    const longest = Math.max(
      most(stream, ({ longestGop }) => longestGop),
      stream.openGop,
    );
    if (longest < LONG) return [];
    return [{ severity: longest < VERY_LONG ? 'warning' : 'error', figures: { longest_s: inSeconds(longest) } }];
  },
};
