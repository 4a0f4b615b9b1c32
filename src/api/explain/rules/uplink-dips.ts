import { MILLISECOND, SECOND } from '../../../base/clock.ts';
import { inMs, inSeconds, kbps, latenesses, median, neededKbps, whole } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** A player with a usual reserve stands still when frames come later than this, and any player at the second. */
const LATE = 500 * MILLISECOND;
const VERY_LATE = 2 * SECOND;

/** Frames come later than their timestamps say: the publisher's network does not carry its bit rate at all times. */
export const uplinkDips: Rule = {
  name: 'uplink-dips',
  where: 'publisher',
  what: 'Frames came up to {late_ms} ms late from the publisher, {dips}× in the last {seconds_s} s; it needs {needed_kbps} kbit/s, and at worst {least_kbps} came. Its uplink does not carry the stream at all times.',
  remedy:
    'Lower the bit rate to two thirds of what the uplink carries, or use a cable instead of Wi-Fi. OBS: Settings > Output > Video Bitrate, and Advanced > Network > "Dynamically change bitrate". ffmpeg: -b:v with -maxrate of the same and -bufsize of half.',
  judge({ span, stream }) {
    const lates = latenesses(stream);
    const late = Math.max(0, ...lates);
    if (late < LATE) return [];
    const isDip = (at: number) => lates[at]! >= LATE && !(lates[at - 1]! >= LATE);
    const rates = whole(stream).map(kbps);
    const figures = {
      late_ms: inMs(late),
      dips: lates.filter((_, at) => isDip(at)).length,
      seconds_s: inSeconds(span),
      needed_kbps: neededKbps(stream),
      least_kbps: Math.min(median(rates), ...rates),
    };
    return [{ severity: late < VERY_LATE ? 'warning' : 'error', figures }];
  },
};
