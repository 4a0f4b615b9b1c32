import { SECOND } from '../../base/clock.ts';
import { ssrcOf } from './packet.ts';

/** An answer that grants a stream is not behind its first packets for longer. */
const LONGEST = 1 * SECOND;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_PACKETS = 8192;

interface Held {
  readonly packet: Uint8Array;
  readonly at: number;
}

/** Packets of streams that are not known yet, the newest of them: media may overtake the answer by which it is granted. */
export class Early {
  /** Packets that nobody came for, those included that are held. */
  strays = 0;
  #held: Held[] = [];
  #bytes = 0;

  /** Keeps a packet, which must not change any more. */
  hold(packet: Uint8Array, at: number): void {
    this.strays++;
    this.#held.push({ packet, at });
    this.#bytes += packet.length;
    while (this.#bytes > MOST_BYTES || this.#held.length > MOST_PACKETS) this.#drop();
  }

  /** Lets go of what has been held for too long. */
  forget(now: number): void {
    while (this.#held.length > 0 && now - this.#held[0]!.at >= LONGEST) this.#drop();
  }

  /** Gives away the packets of a stream, with when they came. */
  take(ssrc: number): readonly Held[] {
    const taken = this.#held.filter(({ packet }) => ssrcOf(packet) === ssrc);
    if (taken.length === 0) return taken;
    this.#held = this.#held.filter(({ packet }) => ssrcOf(packet) !== ssrc);
    this.#bytes -= taken.reduce((sum, { packet }) => sum + packet.length, 0);
    this.strays -= taken.length;
    return taken;
  }

  /** The oldest one. */
  #drop(): void {
    this.#bytes -= this.#held.shift()!.packet.length;
  }
}
