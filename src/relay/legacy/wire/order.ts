import { MILLISECOND } from '../../../base/clock.ts';
import { type RtpPacket, sequenceDistance } from '../../../container/rtp/packet.ts';
import { FIRST_SEQUENCE } from './packetizer.ts';

/** What an {@link PacketOrder} does about holes. Times are microseconds. */
export interface OrderOptions {
  /** How long packets may be missing before they are given up. */
  readonly deadline: number;
  /** Whether what is missing can be asked for. */
  readonly repair: boolean;
}

/** What a {@link PacketOrder} counts. */
export interface OrderCounters {
  /** Packets that came for the first time, repairs included. */
  received: number;
  /** Packets that were missing for longer than reordering takes. */
  lost: number;
  /** Of those, the ones that came after all. */
  repaired: number;
  /** Of those, the ones that were given up. */
  abandoned: number;
  /** Packets that came when they were no longer wanted, or twice. */
  late: number;
  /** How often the numbers began anew, as after a restart of the sender. */
  restarts: number;
}

/** A packet that is missing. */
interface Hole {
  /** When it is given up. */
  readonly deadline: number;
  /** When it is asked for next. */
  ask: number;
  asked: boolean;
}

/** What comes next: a packet, or the news that some are missing for good. */
export type Ordered = RtpPacket | 'gap';

/** Packets that overtake one another do so within this time. */
const REORDERING = 10 * MILLISECOND;
/** Where none ever did a packet is missed sooner, and as soon as three have come that follow it (RFC 9002, 6.1.1). */
const IN_ORDER = 5 * MILLISECOND;
const PACKET_THRESHOLD = 3;
/** A sender's numbers and counters jump no further than this from packet to packet, unless it began anew. */
const LONGEST_JUMP = 3000;
const LONGEST_TIMESTAMP_JUMP = 1_000_000;
/** One who comes no later than this many packets after a stream's first is sent what it missed: the original sends headers once. */
const LATEST_START = 300;
/** Packets that wait behind a hole, at most. */
const MOST_HELD = 8192;
/** So many missing packets are asked for at once. */
const MOST_ASKED = 64;

/**
 * Puts the packets of one sender's stream in order and says which ones are to be asked for. What is missing is waited for
 * until its deadline, and every hole has its own.
 */
export class PacketOrder {
  readonly counters: OrderCounters = { received: 0, lost: 0, repaired: 0, abandoned: 0, late: 0, restarts: 0 };
  /** How soon a packet that was asked for is asked for again, in microseconds: a little more than a reply takes. */
  again = 100 * MILLISECOND;
  readonly #options: OrderOptions;
  /** Sequence numbers are counted on beyond their 16 bits, from the first one on. */
  readonly #held = new Map<number, RtpPacket>();
  /** In the order of their numbers, which is that of their deadlines. */
  readonly #holes = new Map<number, Hole>();
  #next = 0;
  #highest = -1;
  #timestamp = 0;
  /** When the next packet is missing if it has not come: the parts of a tag leave together, its last one is marked. */
  #nextDue = Number.POSITIVE_INFINITY;
  /** A packet that fits nothing before it: the first of a new run, if another follows it. */
  #stray: RtpPacket | undefined;
  #hasGap = false;
  /** A packet came after one that follows it. */
  #isReordered = false;

  constructor(options: OrderOptions) {
    this.#options = options;
  }

  /** Takes a packet as it arrives, or arrives again, at `now`. */
  push(packet: RtpPacket, now: number): void {
    if (this.#highest < 0) this.#begin(packet, now);
    else if (this.#isOnCourse(packet)) this.#place(packet, now);
    else this.#suspect(packet, now);
  }

  /** The next packet in order, or the gap before it; undefined when nothing can be said yet. */
  take(now: number): Ordered | undefined {
    this.#abandon(now);
    if (this.#hasGap) {
      this.#hasGap = false;
      return 'gap';
    }
    const packet = this.#held.get(this.#next);
    if (!packet) return undefined;
    this.#held.delete(this.#next++);
    return packet;
  }

  /** The sequence numbers that are to be asked for now, the oldest first. */
  wanted(now: number): number[] {
    const wanted: number[] = [];
    if (!this.#options.repair) return wanted;
    this.#missNext(now);
    for (const [number, hole] of this.#holes) {
      if (hole.ask > now && !this.#isPassed(number, hole)) continue;
      if (!hole.asked) this.counters.lost++;
      hole.asked = true;
      hole.ask = now + this.again;
      if (wanted.push(number & 0xffff) === MOST_ASKED) break;
    }
    return wanted;
  }

  /** Whether something is missing, so that {@link take} and {@link wanted} have to be called again even if nothing comes. */
  get isWaiting(): boolean {
    return this.#holes.size > 0 || this.#nextDue < Number.POSITIVE_INFINITY;
  }

  #begin(packet: RtpPacket, now: number): void {
    const missed = (packet.sequence - FIRST_SEQUENCE) & 0xffff;
    this.#highest = packet.sequence + 0x1_0000;
    this.#next = this.#highest - (missed <= LATEST_START ? missed : 0);
    for (let missing = this.#next; missing < this.#highest; missing++) this.#miss(missing, now);
    this.#accept(this.#highest, packet, now);
  }

  #isOnCourse({ sequence, timestamp }: RtpPacket): boolean {
    const jump = sequenceDistance(sequence, this.#highest & 0xffff);
    const step = (timestamp - this.#timestamp) | 0;
    return Math.abs(jump) <= LONGEST_JUMP && Math.abs(step) <= LONGEST_TIMESTAMP_JUMP;
  }

  #place(packet: RtpPacket, now: number): void {
    const number = this.#highest + sequenceDistance(packet.sequence, this.#highest & 0xffff);
    if (number < this.#next || this.#held.has(number)) {
      this.counters.late++;
      return;
    }
    for (let missing = this.#highest + 1; missing < number; missing++) this.#miss(missing, now);
    this.#fill(number);
    this.#accept(number, packet, now);
    if (this.#held.size > MOST_HELD) this.#abandon(Number.POSITIVE_INFINITY);
  }

  #accept(number: number, packet: RtpPacket, now: number): void {
    this.#held.set(number, packet);
    this.counters.received++;
    this.#stray = undefined;
    if (number < this.#highest) return;
    this.#highest = number;
    this.#timestamp = packet.timestamp;
    const isWhole = packet.marker || !this.#options.repair;
    this.#nextDue = isWhole ? Number.POSITIVE_INFINITY : now + this.#patience;
  }

  /** The end of a tag is not waited for until something follows it. */
  #missNext(now: number): void {
    if (this.#nextDue > now) return;
    this.#miss(++this.#highest, this.#nextDue - this.#patience);
    this.#nextDue = Number.POSITIVE_INFINITY;
  }

  #miss(number: number, now: number): void {
    this.#holes.set(number, { deadline: now + this.#options.deadline, ask: now + this.#patience, asked: false });
  }

  /** How long others may overtake a packet before it is missed. */
  get #patience(): number {
    return this.#isReordered ? REORDERING : IN_ORDER;
  }

  #isPassed(number: number, { asked }: Hole): boolean {
    return !asked && !this.#isReordered && this.#highest - number >= PACKET_THRESHOLD;
  }

  #fill(number: number): void {
    const hole = this.#holes.get(number);
    if (hole?.asked) this.counters.repaired++;
    else if (hole) this.#isReordered = true;
    this.#holes.delete(number);
  }

  /** One packet may be anybody's; two that follow each other are a sender that began anew. */
  #suspect(packet: RtpPacket, now: number): void {
    const first = this.#stray;
    this.#stray = packet;
    if (!first || packet.sequence !== ((first.sequence + 1) & 0xffff)) return;
    this.counters.restarts++;
    this.#held.clear();
    this.#holes.clear();
    this.#hasGap = true;
    this.#begin(first, now);
    this.#place(packet, now);
  }

  /** Passes over the holes that lie next and are due. */
  #abandon(now: number): void {
    for (let hole = this.#holes.get(this.#next); hole; hole = this.#holes.get(this.#next)) {
      if (hole.deadline > now) return;
      this.#holes.delete(this.#next++);
      if (!hole.asked) this.counters.lost++;
      this.counters.abandoned++;
      this.#hasGap = true;
    }
  }
}
