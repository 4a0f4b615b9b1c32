import { MILLISECOND } from '../../base/clock.ts';
import { type LaneOptions, RepairLane } from './repair-lane.ts';

/** Connections, and by how many of them each packet is asked for at once. */
const [LANES, COPIES] = [4, 2];
/** What a reply is assumed to take before the first one, and within which limits it is asked again. */
const USUAL = 80 * MILLISECOND;
const SOONEST = 30 * MILLISECOND;
const LATEST = 250 * MILLISECOND;
const MARGIN = 20 * MILLISECOND;
const SMOOTHING = 1 / 8;

/**
 * Asks the cloud for lost packets. QUIC notices only after some round trips that it has lost a request or a reply, and all
 * behind it on the connection wait: so each packet is asked for by two connections, of those on which nothing is overdue.
 */
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

  /** Asks for packets of a stream by the lanes that are open; the others are opened by asking for something. */
  ask(ssrc: number, sequences: readonly number[]): void {
    const requests = sequences.map((sequence) => ({ ssrc, sequence }));
    const [open, others] = [true, false].map((isOpen) => this.#lanes.filter((lane) => lane.isOpen === isOpen));
    for (const request of requests) for (const lane of this.#choose(open!)) lane.ask([request]);
    for (const [i, lane] of others!.entries()) lane.ask(i + open!.length < COPIES ? requests : requests.slice(0, 1));
  }

  /** In turn, so that much that is asked for at once is spread over all of them. */
  #choose(open: readonly RepairLane[]): RepairLane[] {
    const { again } = this;
    const from = (this.#turn += COPIES) % Math.max(open.length, 1);
    const inTurn = [...open.slice(from), ...open.slice(0, from)];
    const isFree = (lane: RepairLane) => !lane.isBehind(again);
    return [...inTurn.filter(isFree), ...inTurn.filter((lane) => !isFree(lane))].slice(0, COPIES);
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }
}
