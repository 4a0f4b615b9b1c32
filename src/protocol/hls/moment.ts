import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';

/** The parameter that says from when on a stream is wanted. */
export const FROM = 'from';

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: 60 * SECOND, h: 3600 * SECOND };
const BACK = /^-(\d{1,7}(?:\.\d{1,6})?)([smh])$/;
/** RFC 3339; a `+` that was not escaped comes as a blank. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+ -]\d\d:?\d\d)$/;

/**
 * From when on a stream is wanted: `start`, a time back such as `-600s`, `-10m` or `-1.5h`, or a moment such as
 * `2026-11-26T08:00:00Z`. In microseconds since 1970 (-Infinity for the start), as `now` is; `undefined` where nothing is said.
 * Throws {@link RefusedError} `unsupported`.
 */
export function readMoment(query: URLSearchParams, now: number): number | undefined {
  const text = query.get(FROM);
  if (text === null) return undefined;
  if (text === 'start') return Number.NEGATIVE_INFINITY;
  const [, count, unit] = BACK.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * UNITS[unit!]!;
  const time = TIME.test(text) ? Date.parse(text.replace(' ', '+')) : Number.NaN;
  if (Number.isNaN(time))
    throw new RefusedError(
      'unsupported',
      `${FROM} must be start, -600s, -10m, -2h or a moment such as 2026-11-26T08:00:00Z`,
    );
  return time * MILLISECOND;
}

/** What stands for a moment in a URL, whenever that is used. */
export function writeMoment(moment: number): string {
  return Number.isFinite(moment) ? new Date(moment / MILLISECOND).toISOString() : 'start';
}
