/** Assumed until measured. */
const USUAL_LOSS = 0.05;
/** Loss is measured over this many packets at least, and smoothed over this many measurements. */
const LEAST_MEASURED = 50;
const SMOOTHED = 8;

/** How many packets of a stream came by themselves and were found missing, since its beginning. */
export interface Counts {
  readonly received: number;
  readonly lost: number;
}

/** The share of packets that a path loses of late, from the counts of its streams. */
export class LossGauge {
  loss = USUAL_LOSS;

  /** Learns from two counts of one stream; false when they are too close to tell anything, or in the wrong order. */
  learn(before: Counts, after: Counts): boolean {
    const lost = after.lost - before.lost;
    const received = after.received - before.received;
    if (received < 0 || received + lost < LEAST_MEASURED) return false;
    const loss = Math.max(0, Math.min(1, lost / (lost + received)));
    this.loss += (loss - this.loss) / SMOOTHED;
    return true;
  }
}
