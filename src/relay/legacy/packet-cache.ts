import { sequenceDistance } from '../../container/rtp/packet.ts';

/** The newest packets of one stream, by their sequence numbers. */
export class PacketCache {
  readonly #ring: (Uint8Array | undefined)[] = [];
  readonly #size: number;
  #count = 0;
  #newest = 0;

  /** `size` packets are kept, at most half as many as there are sequence numbers. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Adds the packet after the one added last. */
  add(sequence: number, packet: Uint8Array): void {
    this.#ring[this.#count % this.#size] = packet;
    this.#count++;
    this.#newest = sequence;
  }

  find(sequence: number): Uint8Array | undefined {
    const age = sequenceDistance(this.#newest, sequence);
    if (age < 0 || age >= Math.min(this.#size, this.#count)) return undefined;
    return this.#ring[(this.#count - 1 - age) % this.#size];
  }
}
