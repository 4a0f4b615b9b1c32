/** So many copies of one answer at most: more than that is lost together. */
const MOST_COPIES = 4;
/** Below and above this, a loss is not believed. */
const LEAST_LOSS = 0.002;
const MOST_LOSS = 0.5;

/** For key frames twice as much may be spent where more than this share of them would stay lost. */
const BAD = 1e-5;

/** How an edge's repairs are weighed. */
export interface RepairPolicy {
  /** The share of lost packets that may stay lost. */
  readonly target: number;
  /** How many needless copies a lost packet may cost, beside the one that it needs. */
  readonly spare: number;
}

/** Meets the targets of docs/link.md, at the overhead that is told there. */
export const USUAL_POLICY: RepairPolicy = { target: 1e-8, spare: 0.25 };

/** Where a lost packet is on its way to being repaired. */
export interface Plight {
  /** So many copies of it, the original included, went before and were lost. */
  readonly sent: number;
  /** So many more answers can still arrive in time, this one included. */
  readonly tries: number;
  /** So many answers could have gone out until now, had it been asked for as soon as it was missing, or some part of one. */
  readonly missed: number;
}

/**
 * How many copies an answer is sent in.
 *
 * A copy costs as much as it is seldom sent: one of a first answer goes out for every lost packet, one of a third answer for
 * few, and so does one of a first answer that is the last as well because requests were lost. So copies wait for the last tries,
 * and there are as many as the target asks for and the spare bytes allow.
 */
export function copiesOf(loss: number, { sent, tries, missed }: Plight, { target, spare }: RepairPolicy): number {
  const p = Math.max(LEAST_LOSS, Math.min(MOST_LOSS, loss));
  const needed = Math.ceil(Math.log(target) / Math.log(p)) - sent - MOST_COPIES * (tries - 1);
  const allowed = 1 + Math.round(spare * p ** -Math.max(sent - 1, missed));
  return Math.max(1, Math.min(needed, allowed, MOST_COPIES));
}

/** The same, or more for key frames and headers, without which all the others are of no use. */
export function copiesFor(isKey: boolean, loss: number, plight: Plight, policy: RepairPolicy): number {
  const usual = copiesOf(loss, plight, policy);
  if (!isKey) return usual;
  return Math.max(usual, copiesOf(loss, plight, { target: BAD, spare: 2 * policy.spare }));
}
