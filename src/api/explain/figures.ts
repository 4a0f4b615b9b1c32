import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { StreamFacts } from './facts.ts';
import type { Severity } from './rule.ts';

/** Microseconds in seconds, with one decimal. */
export function inSeconds(time: number): number {
  return Math.round((10 * time) / SECOND) / 10;
}

/** The same with two. */
export function inHundredths(time: number): number {
  return Math.round((100 * time) / SECOND) / 100;
}

/** Microseconds in whole milliseconds. */
export function inMs(time: number): number {
  return Math.round(time / MILLISECOND);
}

/** A share (0 to 1) in percent: two digits that count, whole from 10 on. */
export function inPercent(share: number): number {
  return Number((100 * share).toPrecision(share < 0.1 ? 2 : 3));
}

/** The greatest of a stream's numbers, 0 for none. */
export function most(of: StreamFacts, number: (stretch: StreamFacts['stretches'][number]) => number): number {
  return Math.max(0, ...of.stretches.map(number));
}

/** All of them together. */
export function sum(of: StreamFacts, number: (stretch: StreamFacts['stretches'][number]) => number): number {
  return of.stretches.reduce((total, stretch) => total + number(stretch), 0);
}

/** How much later than others frames of each stretch came: what is late at all times is a long way, and no viewer notices it. */
export function latenesses({ stretches }: StreamFacts): number[] {
  const least = Math.min(...stretches.map(({ lateness }) => lateness));
  return stretches.map(({ lateness }) => lateness - least);
}

/** Those that were long enough to have a rate. */
export function whole({ stretches }: StreamFacts): StreamFacts['stretches'] {
  return stretches.filter(({ begin, end }) => end - begin >= SECOND);
}

/** The bit rate of a stretch, in whole kbit/s. */
export function kbps({ bytes, begin, end }: StreamFacts['stretches'][number]): number {
  return Math.round((bytes * 8000) / Math.max(end - begin, 1));
}

/** The bit rate at which all of it can be played, in whole kbit/s; 0 where it is too short to tell. */
export function neededKbps(of: StreamFacts): number {
  const time = Math.max(
    sum(of, ({ videoTime }) => videoTime),
    sum(of, ({ audioTime }) => audioTime),
  );
  return time < SECOND ? 0 : Math.round((sum(of, ({ bytes }) => bytes) * 8000) / time);
}

/** Pictures in a second, over all that is known. */
export function fps(of: StreamFacts): number {
  const time = sum(of, ({ begin, end }) => end - begin);
  return time < SECOND ? 0 : (sum(of, ({ videoFrames }) => videoFrames) * SECOND) / time;
}

/** The number in the middle, 0 for none. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

/** Viewers notice more than the first, at 4 Mbit/s a packet every 25 s, and can hardly watch with the second. */
const NOTICED = 1e-4;
const BAD = 0.005;

/** How bad it is that so many of these packets stay lost. */
export function lossSeverity(residual: number, packets: number): Severity | undefined {
  if (residual <= packets * NOTICED) return undefined;
  return residual <= packets * BAD ? 'warning' : 'error';
}
