import type { StreamSender } from './stream-sender.ts';

/** Judged after so many packets of key frames. */
const ENOUGH = 300;
/** Key frames are lost far more often when it is by this factor and this difference. */
const FACTOR = 3;
const DIFFERENCE = 0.05;

/**
 * Tells losses that our own bursts make from those of the path: a path that loses by itself takes packets of key frames and
 * others alike; one whose bottleneck overflows takes those that come fast.
 */
export class BurstGauge {
  readonly #sender: StreamSender;
  #lostUrgent = 0;
  #lostOther = 0;
  #urgentBefore: number;
  #packetsBefore: number;

  constructor(sender: StreamSender) {
    this.#sender = sender;
    this.#urgentBefore = sender.counters.urgent;
    this.#packetsBefore = sender.counters.packets;
  }

  /** A packet was asked for the first time. */
  lost(isUrgent: boolean): void {
    if (isUrgent) this.#lostUrgent++;
    else this.#lostOther++;
  }

  /** Has the sender widen its spread if it must. To be called some time after the packets were sent, such as with each report. */
  judge(now: number): void {
    const { urgent, packets } = this.#sender.counters;
    const sentUrgent = urgent - this.#urgentBefore;
    const sentOther = packets - this.#packetsBefore - sentUrgent;
    if (sentUrgent < ENOUGH || sentOther < ENOUGH) return;
    const [lossUrgent, lossOther] = [this.#lostUrgent / sentUrgent, this.#lostOther / sentOther];
    if (lossUrgent > FACTOR * lossOther + DIFFERENCE) this.#sender.widen(now);
    [this.#lostUrgent, this.#lostOther] = [0, 0];
    [this.#urgentBefore, this.#packetsBefore] = [urgent, packets];
  }
}
