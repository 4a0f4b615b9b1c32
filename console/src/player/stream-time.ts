/** What a connection that can go back knows of time. */
export interface StreamTime {
  /** When the picture that is shown was published, in Unix milliseconds; undefined until it is known. */
  readonly at: number | undefined;
  /** How far that is behind the newest that could be shown, in seconds. */
  readonly behind: number;
  /** Goes to a moment; false where that is not within reach of this connection. */
  seek(moment: number): boolean;
  /** Plays faster than life, or as fast. */
  hasten(isFast: boolean): void;
}

/** How much faster than life one who is behind catches up. */
export const catchUpRate = 1.25;

/** One who is less behind than this counts as live, in seconds. */
export const liveWithin = 3;

/** A stretch of a playlist: where it begins in the player's time (seconds) and when that was (Unix milliseconds). */
export interface Dated {
  readonly start: number;
  readonly duration: number;
  readonly programDateTime: number | null;
}

/** The player's time at a moment: within the stretch in which that lies, or where the next one begins; undefined outside of all. */
export function timeAt(stretches: readonly Dated[], moment: number): number | undefined {
  const dated = stretches.filter((each) => each.programDateTime !== null);
  const last = dated.at(-1);
  if (!last || moment > last.programDateTime! + last.duration * 1000) return undefined;
  const found = dated.findLast((each) => each.programDateTime! <= moment) ?? dated[0]!;
  const into = Math.max(0, (moment - found.programDateTime!) / 1000);
  return found.start + Math.min(into, found.duration);
}
