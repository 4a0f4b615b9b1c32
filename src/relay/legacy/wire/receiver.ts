import type { FlvTag } from '../../../container/flv/tag.ts';
import type { RtpPacket } from '../../../container/rtp/packet.ts';
import { type OrderCounters, type OrderOptions, PacketOrder } from './order.ts';
import { Reassembler } from './reassembler.ts';

/** From the packets of one stream, as they come, to its tags. Time is an input, in microseconds. */
export class LegacyReceiver {
  readonly #order: PacketOrder;
  readonly #reassembler = new Reassembler();
  readonly #onTag: (tag: FlvTag) => void;

  /** `onTag` is given every tag that can be decoded, in order; what it throws comes out of {@link push} or {@link poll}. */
  constructor(options: OrderOptions, onTag: (tag: FlvTag) => void) {
    this.#order = new PacketOrder(options);
    this.#onTag = onTag;
  }

  get counters(): OrderCounters {
    return this.#order.counters;
  }

  /** Tags that were left out because what they need is missing. */
  get skipped(): number {
    return this.#reassembler.skipped;
  }

  /** Whether {@link poll} has to be called, every few milliseconds. */
  get isWaiting(): boolean {
    return this.#order.isWaiting;
  }

  /** How soon to ask again for what was asked for: a little more than a reply takes. */
  set again(time: number) {
    this.#order.again = time;
  }

  /** Takes a packet, be it new, repeated or late. */
  push(packet: RtpPacket, now: number): void {
    this.#order.push(packet, now);
    this.#deliver(now);
  }

  /** Gives up what is due, and says which sequence numbers are to be asked for now. */
  poll(now: number): number[] {
    this.#deliver(now);
    return this.#order.wanted(now);
  }

  #deliver(now: number): void {
    for (let next = this.#order.take(now); next; next = this.#order.take(now)) {
      if (next === 'gap') this.#reassembler.gap();
      else this.#pass(next);
    }
  }

  #pass(packet: RtpPacket): void {
    const tag = this.#reassembler.push(packet);
    if (tag) this.#onTag(tag);
  }
}
