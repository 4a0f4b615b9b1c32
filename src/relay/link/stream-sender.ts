import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { assert } from '../../base/errors.ts';
import type { Heartbeat } from './datagram.ts';
import {
  CHAINED,
  LARGEST_DATAGRAM,
  LARGEST_RECORD,
  LAST_SEQUENCE,
  mediaHead,
  mediaPayload,
  PACKET_OVERHEAD,
  type RecordHead,
  type Seal,
  SMALLEST_DATAGRAM,
  STARTABLE,
  ticksOf,
  USUAL_DATAGRAM,
} from './packet.ts';
import { PacketCache, type Priority } from './packet-cache.ts';
import { PARITY_EXCESS } from './parity-packet.ts';
import { ParitySender } from './parity-sender.ts';

/**
 * A record has left within this part of the latency, so that most of it is left for repairs. Where the path cannot take a key
 * frame that fast, it is given up to the second part, step by step, and tried faster again with every key frame.
 */
const SPREAD = 1 / 10;
const WIDEST_SPREAD = 4 / 10;
const SHORTEST_SPREAD = 10 * MILLISECOND;
const WIDEN = 1.5;
const NARROW = 0.98;
/** Packets are not farther apart than this part of the spread even where it would allow it. */
const LONGEST_STEP = 1 / 50;
/** What waits to be paced out is bounded: beyond, it leaves at once. */
const MOST_WAITING = 8192;
/** A stream that rests shows its end after the first time, then at doubled times up to the second. */
const FIRST_HEARTBEAT = 30 * MILLISECOND;
const SLOWEST_HEARTBEAT = 480 * MILLISECOND;
/** Packets are kept for so many latencies, and so long at least. */
const KEPT_LATENCIES = 4;
const SHORTEST_KEPT = 2 * SECOND;
const USUAL_CACHE = 64 * 1024 * 1024;
/** The rate is measured over so long. */
const RATE_WINDOW = SECOND / 2;

/** What a record is: a header is a configuration without which the rest is of no use. */
export type RecordKind = 'header' | 'video' | 'audio';

/** A record as it enters the link. */
export interface OutgoingRecord {
  readonly kind: RecordKind;
  /** Whether a reader may begin here: a video key frame, or any frame of a stream without video. */
  readonly startable: boolean;
  readonly bytes: Uint8Array;
}

/** Who is sent a stream's packets: an edge, or a multicast group. */
export interface Subscriber {
  /** A packet that leaves now; shared with all others, so it must not be changed. */
  media(packet: Uint8Array, sequence: number, ssrc: number): void;
  heartbeat(heartbeat: Heartbeat): void;
}

/** What a {@link StreamSender} is made of. */
export interface StreamSenderOptions {
  /** Random, and new for each generation. */
  readonly ssrc: number;
  readonly seal: Seal;
  /** The longest latency that any edge has, in microseconds. */
  readonly latency: number;
  /** The size of packets, in bytes of UDP payload. */
  readonly datagramBytes?: number;
  readonly cacheBytes?: number;
  readonly firstSequence?: number;
}

/** Within this time a record has left that may take up to a part of the latency for it, in microseconds. */
export function spreadOf(latency: number, part = SPREAD): number {
  return Math.max(SHORTEST_SPREAD, latency * part);
}

interface Waiting {
  readonly head: RecordHead;
  readonly bytes: Uint8Array;
  readonly priority: Priority;
  /** How many bytes of it go into a packet. */
  readonly fragment: number;
  /** How many bytes of it have left, and how many packets have not. */
  sent: number;
  packets: number;
}

/** One generation of a stream as it is sent: cuts records into packets once for all subscribers, paces them and keeps them for repairs. */
export class StreamSender {
  readonly ssrc: number;
  readonly cache: PacketCache;
  readonly parity: ParitySender;
  /** What was sent, once per packet however many subscribers there are; `urgent` are the packets of headers and key frames. */
  readonly counters = { records: 0, packets: 0, bytes: 0, urgent: 0 };
  /** The rate of packets of late, in bytes a second; while it is not measured, no less than it must be. */
  rate = 0;
  /** When {@link poll} is to be called next. */
  next = Number.POSITIVE_INFINITY;
  readonly #options: StreamSenderOptions;
  readonly #fragment: number;
  #spread: number;
  #widenedAt = Number.NEGATIVE_INFINITY;
  readonly #subscribers = new Set<Subscriber>();
  readonly #waiting: Waiting[] = [];
  #packetsWaiting = 0;
  #sequence: number;
  #chain = 0;
  #start: number | undefined;
  /** When the next packet may leave, and how far apart they are. */
  #due = 0;
  #step = 0;
  #heartbeatAt = Number.POSITIVE_INFINITY;
  #rest = FIRST_HEARTBEAT;
  #rateSince: number | undefined;
  #rateBytes = 0;
  #isMeasured = false;

  constructor(options: StreamSenderOptions) {
    const {
      ssrc,
      seal,
      latency,
      datagramBytes = USUAL_DATAGRAM,
      cacheBytes = USUAL_CACHE,
      firstSequence = 0,
    } = options;
    assert(datagramBytes >= SMALLEST_DATAGRAM && datagramBytes <= LARGEST_DATAGRAM, 'a datagram of that size');
    this.ssrc = ssrc;
    this.#options = options;
    this.#sequence = firstSequence;
    this.#fragment = datagramBytes - PACKET_OVERHEAD;
    this.#spread = spreadOf(latency);
    this.parity = new ParitySender(ssrc, seal);
    const duration = Math.max(SHORTEST_KEPT, KEPT_LATENCIES * latency);
    this.cache = new PacketCache({ duration, bytes: cacheBytes }, firstSequence);
  }

  /** Where one who is sent all records of before by other means goes on: with the next record that is pushed. */
  get position(): { readonly sequence: number; readonly chain: number } {
    return { sequence: this.#sequence, chain: this.#chain };
  }

  /** The newest packet that has left, for those who may have missed it; undefined before the first. */
  get heartbeat(): Heartbeat | undefined {
    const { head, tail } = this.cache;
    if (head === tail) return undefined;
    const timestamp = ticksOf(this.cache.timeOf(head - 1));
    return { item: 'heartbeat', ssrc: this.ssrc, sequence: head - 1, timestamp };
  }

  /** Whether a new generation must take over. */
  get exhausted(): boolean {
    return this.#sequence >= LAST_SEQUENCE || this.parity.exhausted;
  }

  /** An edge lost far more of key frames than of the rest: they leave too fast for its path. */
  widen(now: number): void {
    if (now - this.#widenedAt < SECOND) return;
    this.#widenedAt = now;
    this.#spread = Math.min(this.#spread * WIDEN, this.#spreadOf(WIDEST_SPREAD));
  }

  /** Has all packets from now on sent to a subscriber, some of records before its {@link position} among them. */
  attach(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  detach(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** Takes a record, whose memory it keeps until it has left, and sends what may leave now. */
  push({ kind, startable, bytes }: OutgoingRecord, now: number): void {
    assert(bytes.length <= LARGEST_RECORD, 'a record that the link carries');
    const fragment = this.#fragment - (this.parity.isWanted ? PARITY_EXCESS : 0);
    const count = Math.max(1, Math.ceil(bytes.length / fragment));
    const sequence = this.#sequence;
    const chained = kind === 'video';
    if (chained) this.#chain = (this.#chain + 1) & 0xffff;
    if (startable) this.#start = sequence;
    if (startable && chained) this.#spread = Math.max(this.#spreadOf(), this.#spread * NARROW);
    const flags = (chained ? CHAINED : 0) | (startable ? STARTABLE : 0);
    const head = { ssrc: this.ssrc, time: now, flags, chain: this.#chain, sequence, start: this.#start };
    const priority = kind === 'header' || (chained && startable) ? 0 : chained ? 2 : 1;
    this.#sequence += count;
    this.counters.records++;
    this.#wait({ head, bytes, priority, fragment, sent: 0, packets: count }, now);
    this.poll(now);
  }

  /** Sends what may leave now. */
  poll(now: number): void {
    while (this.#waiting.length > 0 && (this.#due <= now || this.#packetsWaiting > MOST_WAITING)) this.#send(now);
    if (this.#waiting.length === 0 && now >= this.#heartbeatAt) this.#beat(now);
    this.parity.poll(now);
    this.next = Math.min(this.#waiting.length > 0 ? this.#due : this.#heartbeatAt, this.parity.next);
  }

  #spreadOf(part?: number): number {
    return spreadOf(this.#options.latency, part);
  }

  #wait(waiting: Waiting, now: number): void {
    if (this.#waiting.length === 0) this.#due = Math.max(this.#due, now);
    this.#waiting.push(waiting);
    this.#packetsWaiting += waiting.packets;
    this.#pace(now);
    this.#due = Math.min(this.#due, now + this.#step);
  }

  /** The pace is such that each record that waits has left within the spread since it came. */
  #pace(now: number): void {
    this.#step = this.#spread * LONGEST_STEP;
    let packets = 0;
    for (const waiting of this.#waiting) {
      packets += waiting.packets;
      this.#step = Math.min(this.#step, Math.max(0, waiting.head.time + this.#spread - now) / packets);
    }
  }

  #send(now: number): void {
    const waiting = this.#waiting[0]!;
    const { head, bytes, sent, priority, fragment } = waiting;
    const sequence = this.cache.head;
    const end = Math.min(sent + fragment, bytes.length);
    const isLast = end === bytes.length;
    const plain = mediaPayload(head, bytes, sequence, sent, end, now);
    const packet = this.#options.seal(mediaHead(head, sequence, isLast), plain, sequence);
    waiting.sent = end;
    waiting.packets--;
    this.#packetsWaiting--;
    if (isLast) this.#waiting.shift();
    this.#due += this.#step;
    this.#heartbeatAt = now + FIRST_HEARTBEAT;
    this.#rest = FIRST_HEARTBEAT;
    this.cache.append(packet, head.time, priority, head.start);
    this.#count(packet.length, now);
    if (priority === 0) this.counters.urgent++;
    for (const subscriber of this.#subscribers) subscriber.media(packet, sequence, this.ssrc);
    // What was cut before parity was wanted leaves it no room.
    if (fragment < this.#fragment) this.parity.add(sequence, { plain, ticks: ticksOf(head.time) }, now);
  }

  #beat(now: number): void {
    const heartbeat = this.heartbeat!;
    this.#rest = Math.min(2 * this.#rest, SLOWEST_HEARTBEAT);
    this.#heartbeatAt = now + this.#rest;
    for (const subscriber of this.#subscribers) subscriber.heartbeat(heartbeat);
  }

  #count(bytes: number, now: number): void {
    this.counters.packets++;
    this.counters.bytes += bytes;
    this.#rateBytes += bytes;
    this.#rateSince ??= now;
    const elapsed = now - this.#rateSince;
    if (!this.#isMeasured) this.rate = (this.#rateBytes * SECOND) / RATE_WINDOW;
    if (elapsed < RATE_WINDOW) return;
    const rate = (this.#rateBytes * SECOND) / elapsed;
    this.rate = this.#isMeasured ? this.rate + (rate - this.rate) / 4 : rate;
    this.#isMeasured = true;
    this.#rateSince = now;
    this.#rateBytes = 0;
  }
}
