import { MILLISECOND } from '../../../base/clock.ts';
import { fps, inMs, inSeconds, most } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** Below this rate, as of slides, a long step is nothing special. */
const MOVING = 8;
const LONG = 400 * MILLISECOND;

/** The encoder leaves pictures out. */
export const picturesMissing: Rule = {
  name: 'pictures-missing',
  where: 'publisher',
  what: 'The encoder left pictures out: at {fps} pictures a second there was none for up to {longest_ms} ms, {times}× in the last {seconds_s} s.',
  remedy:
    'The encoder is too slow, or drops frames for want of uplink. OBS: its Stats tell dropped frames (network) from skipped ones (encoder); lower the output resolution, or take a faster preset or a hardware encoder. ffmpeg: -preset veryfast.',
  judge({ span, stream }) {
    const [rate, longest] = [fps(stream), most(stream, ({ longestStep }) => longestStep)];
    if (rate < MOVING || longest < LONG) return [];
    const times = stream.stretches.filter(({ longestStep }) => longestStep >= LONG).length;
    const figures = { fps: Math.round(rate), longest_ms: inMs(longest), times, seconds_s: inSeconds(span) };
    return [{ severity: 'warning', figures }];
  },
};
