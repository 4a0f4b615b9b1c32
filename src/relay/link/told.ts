import type { Report } from './datagram.ts';

/** Of one stream or of all, in packets as the edge counts them. */
interface Tally {
  readonly packets: number;
  readonly lost: number;
  readonly repaired: number;
  /** Missing when their time came. */
  readonly residual: number;
}

/** What an edge has told of its streams: what of them came, and what became of the rest. */
export class Told {
  readonly #newest = new Map<number, Tally>();
  /** Of streams that are over. */
  #ended: Tally | undefined;

  /** Takes what is told of a stream that the edge has. One that was overtaken counts until the next one, a moment later. */
  take({ ssrc, received, lost, repaired, abandoned }: Report): void {
    this.#newest.set(ssrc, { packets: received + lost, lost, repaired, residual: abandoned });
  }

  /** Of a stream since it began; undefined before anything was told. */
  of(ssrc: number): Tally | undefined {
    return this.#newest.get(ssrc);
  }

  /** Of all streams that there have been; undefined before anything was told. */
  get total(): Tally | undefined {
    let total = this.#ended;
    for (const tally of this.#newest.values()) total = total ? sum(total, tally) : tally;
    return total;
  }

  /** A stream is over: one of the same SSRC is counted anew. */
  end(ssrc: number): void {
    const tally = this.#newest.get(ssrc);
    if (!tally) return;
    this.#ended = this.#ended ? sum(this.#ended, tally) : tally;
    this.#newest.delete(ssrc);
  }
}

function sum(a: Tally, b: Tally): Tally {
  return {
    packets: a.packets + b.packets,
    lost: a.lost + b.lost,
    repaired: a.repaired + b.repaired,
    residual: a.residual + b.residual,
  };
}
