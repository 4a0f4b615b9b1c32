import type { Line } from './line.ts';

/** A line that has failed is left alone for so long, in milliseconds, as long as there is another; twice as long each time. */
const FIRST_PENALTY = 5_000;
const LONGEST_PENALTY = 120_000;

interface Trial {
  readonly failures: number;
  readonly at: number;
}

/** Remembers which lines have failed. Moments are milliseconds of a monotonic clock. */
export class Trials {
  readonly #failed = new Map<string, Trial>();

  failed({ id }: Line, now: number): void {
    this.#failed.set(id, { failures: (this.#failed.get(id)?.failures ?? 0) + 1, at: now });
  }

  worked({ id }: Line): void {
    this.#failed.delete(id);
  }

  /** The best line that has not failed of late, `but` left out. */
  best(lines: readonly Line[], now: number, but?: Line): Line | undefined {
    return lines.find((line) => line.id !== but?.id && !this.#isPenalized(line, now));
  }

  /** The line whose failure is longest ago. */
  oldest(lines: readonly Line[]): Line | undefined {
    const at = ({ id }: Line) => this.#failed.get(id)?.at ?? -Infinity;
    return lines.toSorted((a, b) => at(a) - at(b))[0];
  }

  /** The nodes of which a line has failed of late. */
  nodes(lines: readonly Line[], now: number): string[] {
    return [...new Set(lines.filter((line) => this.#isPenalized(line, now)).map(({ node }) => node))];
  }

  #isPenalized({ id }: Line, now: number): boolean {
    const trial = this.#failed.get(id);
    return trial !== undefined && now - trial.at < Math.min(LONGEST_PENALTY, FIRST_PENALTY * 2 ** (trial.failures - 1));
  }
}

/** So many stalls within so long (milliseconds) are a reason to try another line. */
const MANY_STALLS = 2;
const STALL_WINDOW = 20_000;
/** A line that is so much later than another is worth leaving, in milliseconds. */
const MUCH_LATER = 500;

/** Whether a line has stalled too often, by the moments of its stalls. */
export function stallsTooOften(stalls: readonly number[], now: number): boolean {
  return stalls.filter((at) => now - at < STALL_WINDOW).length >= MANY_STALLS;
}

/** Whether one line is clearly worse than another, by what the server says of both. */
export function isClearlyWorse(line: Line, other: Line): boolean {
  return line.delay_ms !== undefined && other.delay_ms !== undefined && line.delay_ms > 2 * other.delay_ms + MUCH_LATER;
}
