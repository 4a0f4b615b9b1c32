import { MILLISECOND } from '../../base/clock.ts';
import { type LaneOptions, RepairLane } from './repair-lane.ts';

/** Replies on one connection wait for one another when QUIC loses one: what is asked for again goes by the other. */
const LANES = 2;
/** What a reply is assumed to take before the first one, and within which limits it is asked again. */
const USUAL = 80 * MILLISECOND;
const SOONEST = 30 * MILLISECOND;
const LATEST = 250 * MILLISECOND;
const MARGIN = 20 * MILLISECOND;
const SMOOTHING = 1 / 8;

/** Asks the cloud for lost packets. */
export class Repairs {
  readonly #lanes: readonly RepairLane[];
  #turn = 0;
  /** What a reply takes, smoothed. */
  #took = USUAL;

  constructor(options: LaneOptions) {
    const onPacket = (packet: Uint8Array, took: number) => {
      this.#took += (took - this.#took) * SMOOTHING;
      options.onPacket(packet, took);
    };
    this.#lanes = Array.from({ length: LANES }, () => new RepairLane({ ...options, onPacket }));
  }

  /** How soon something may be asked for again, in microseconds. */
  get again(): number {
    return Math.min(Math.max(this.#took * 1.25 + MARGIN, SOONEST), LATEST);
  }

  /** Asks for packets of a stream, by the lanes in turn as long as they are open. */
  ask(ssrc: number, sequences: readonly number[]): void {
    const requests = sequences.map((sequence) => ({ ssrc, sequence }));
    const open = this.#lanes.filter(({ isOpen }) => isOpen);
    if (open.length > 0) open[this.#turn++ % open.length]!.ask(requests);
    for (const lane of this.#lanes) if (!lane.isOpen) lane.ask(requests.slice(0, open.length > 0 ? 1 : undefined));
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }
}
