/** How one stream, or all of a link, got across. Counted since its beginning, in packets if not told otherwise. */
export interface Crossing {
  /** What the origin sent, repairs not included; at an edge, what it should have got. */
  readonly packets: number;
  /** Found missing at the edge; known there, as is all that is told of the edge, and at the origin only when it is {@link Reported}. */
  readonly lost: number;
  /** Asked for: at the edge in so many requests, at the origin as they came. */
  readonly requests: number;
  /** At the edge what came in time, at the origin what was sent again. */
  readonly repaired: number;
  /** Of those that were missing at the edge, restored from parity; and packets of parity, as they came, or were sent by the origin. */
  readonly restored: number;
  readonly parity: number;
  /** Came to the edge too late, or twice, or were not authentic. */
  readonly late: number;
  readonly duplicates: number;
  readonly forged: number;
  /** Missing at the edge when their time came. */
  readonly residual: number;
}

/** What an edge has told its origin, as the edge counts it. */
export type Reported = Pick<Crossing, 'packets' | 'lost' | 'repaired' | 'residual'>;

/** How media comes by UDP: to the edge alone, from a multicast group, or pushed to an address that the origin was told before. */
export type MediaWay = 'udp' | 'multicast' | 'push';

/** A stream on its way over a link, as its edge sees it. */
export interface LinkStream extends Crossing {
  readonly path: string;
  readonly media: MediaWay;
  /** From the origin's way in to the edge's way out, in microseconds: as it is to be. */
  readonly latency: number;
  /** The same as it was of late: the median, and what one record in a hundred exceeds. */
  readonly delay: { readonly p50: number; readonly p99: number };
  /** What this comes to, in shares of its packets: `residual` is what is to be expected while nothing stayed lost; and how more would be reached. */
  readonly outcome: {
    readonly loss: number;
    readonly residual: number;
    readonly overhead: number;
    readonly better?: { readonly latency: number; readonly residual: number } | undefined;
  };
  /** The same in one line. */
  readonly summary: string;
}

/** A stream on its way over a link, as its origin sees it. */
export interface SentStream {
  readonly path: string;
  readonly media: MediaWay;
  /** Undefined before the edge has told. */
  readonly reported: Reported | undefined;
}

/** A link between this node and another one, which carries media by UDP beside a reliable connection. */
export type LinkReport = OriginReport | EdgeReport;

/** A link to an edge. */
export interface OriginReport extends LinkEnd {
  readonly role: 'origin';
  /** Of all streams since the link began; undefined before the edge has told. */
  readonly reported: Reported | undefined;
  readonly streams: readonly SentStream[];
}

/** A link to an origin. */
export interface EdgeReport extends LinkEnd, Crossing {
  readonly role: 'edge';
  readonly streams: readonly LinkStream[];
}

/** What is known of a link at either end. */
interface LinkEnd extends Pick<Crossing, 'packets' | 'requests' | 'repaired' | 'parity'> {
  /** The other node: its id, and its host. */
  readonly node: string;
  readonly remote: string;
  /** How media goes: reliably where UDP does not come through; of several streams by different ways, the one that saves most. */
  readonly media: MediaWay | 'reliable';
  /** Round trip, and its mean deviation, in microseconds, by UDP; undefined before it was measured, or told by the edge. */
  readonly rtt: number | undefined;
  readonly jitter: number | undefined;
  /** UDP payload of media, and what repairs, parity and control datagrams of this node cost beside it, in bytes. */
  readonly bytes: number;
  readonly overheadBytes: number;
  /** Datagrams of nobody known, not authentic, or sent again by somebody. */
  readonly refused: number;
}

/** An address to which an origin sends packets once for all edges that hear them there. */
export interface PushReport {
  /** `host:port`. */
  readonly to: string;
  /** The streams that go there at present. */
  readonly paths: readonly string[];
  /** How many edges hear them, or try to; an edge counts once for each stream. */
  readonly edges: number;
  /** What was sent there so far: media, repairs that several edges lacked, parity, and all together in bytes of UDP payload. */
  readonly packets: number;
  readonly repaired: number;
  readonly parity: number;
  readonly bytes: number;
}

/** The links of this node. */
export class Links {
  /** Datagrams that came to this node and belong to none of them. */
  strangers = 0;
  readonly #links = new Set<() => LinkReport>();
  readonly #pushes = new Set<() => PushReport>();

  /** Shows a link, by what tells how it is doing, until the function returned is called. */
  add(report: () => LinkReport): () => void {
    this.#links.add(report);
    return () => this.#links.delete(report);
  }

  /** Shows an address that is pushed to, in the same way. */
  addPush(report: () => PushReport): () => void {
    this.#pushes.add(report);
    return () => this.#pushes.delete(report);
  }

  /** What this node pushes. */
  get pushes(): readonly PushReport[] {
    return Array.from(this.#pushes, (report) => report());
  }

  *[Symbol.iterator](): Generator<LinkReport> {
    for (const report of this.#links) yield report();
  }
}

/** By which way media goes that goes by all of these. */
export function mediaOf(ways: Iterable<MediaWay>): MediaWay {
  const all = new Set(ways);
  return all.has('multicast') ? 'multicast' : all.has('push') ? 'push' : 'udp';
}

/** What crossed nothing. */
export const NOTHING_CROSSED: Crossing = {
  packets: 0,
  lost: 0,
  requests: 0,
  repaired: 0,
  restored: 0,
  parity: 0,
  late: 0,
  duplicates: 0,
  forged: 0,
  residual: 0,
};

/** All of them together. */
export function sumOfCrossings(crossings: Iterable<Crossing>): Crossing {
  const sum: Record<keyof Crossing, number> = { ...NOTHING_CROSSED };
  for (const crossing of crossings) {
    for (const name of Object.keys(sum) as (keyof Crossing)[]) sum[name] += crossing[name];
  }
  return sum;
}
