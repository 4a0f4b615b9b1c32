import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Heartbeat, Report, Request } from './datagram.ts';
import { HandOver, type HandOverCounters, type IncomingRecord, type Schedule } from './hand-over.ts';
import type { Counts } from './loss-gauge.ts';
import { heldOf, type Open, PAYLOAD_HEAD, sequenceOf, startOf, timeOf, timestampOf } from './packet.ts';
import { openParity } from './parity-packet.ts';
import { type Numbered, ParityReceiver } from './parity-receiver.ts';
import type { Path } from './path.ts';
import { QueueGauge } from './queue-gauge.ts';
import { LARGEST_WINDOW, ReceiveWindow } from './receive-window.ts';
import { Seeker } from './seeker.ts';
import { spreadOf } from './stream-sender.ts';

/** A hole is left open for this long at least, in microseconds, however small the latency: packets of a record leave spread. */
const LEAST_PATIENCE = 10 * MILLISECOND;
/** A silence of more than this, too long to be repaired in time, is an outage: the receiver goes on where decoding can begin. */
const OUTAGE = 200 * MILLISECOND;
/** Catching up takes no longer than this: the origin may no longer have what is asked for. */
export const LONGEST_REJOIN = 2 * SECOND;
/** The latency is changed by this many seconds a second, so that nobody sees it. */
const STRETCH = 0.03;

/** What a {@link StreamReceiver} is made of. */
export interface StreamReceiverOptions {
  readonly ssrc: number;
  /** `StreamSender.position` as it was when the subscription began. */
  readonly sequence: number;
  readonly chain: number;
  /** From the record's way in at the origin to its way out here, in microseconds. 0 hands over at once. */
  readonly latency: number;
  readonly open: Open;
  readonly path: Path;
  /** Is given the records, in order. */
  readonly onRecord: (record: IncomingRecord) => void;
}

/** What became of a stream's packets. Each packet that was sent is counted once as received, repaired or abandoned. */
export interface ReceiverCounters extends HandOverCounters {
  /** Came by themselves. */
  received: number;
  /** Were found missing, and not merely overtaken; in so many runs of consecutive ones. */
  lost: number;
  bursts: number;
  /** Of those, came in time. */
  repaired: number;
  /** Of those that were missing, were made of parity in time, and how many packets of parity came. */
  restored: number;
  parity: number;
  /** Came after they were given up, or twice, or were not authentic. */
  late: number;
  duplicates: number;
  forged: number;
  requests: number;
}

/** One generation of a stream as it is received: finds out what is missing, asks for it, and hands records over when they are due. */
export class StreamReceiver implements Schedule {
  readonly ssrc: number;
  /** What is wanted; {@link latency} moves towards it. */
  targetLatency: number;
  readonly #options: StreamReceiverOptions;
  readonly #path: Path;
  readonly #window: ReceiveWindow;
  readonly #handOver: HandOver;
  readonly #seeker: Seeker;
  /** Of the edge's own path, and of that by which packets come from where they are pushed: one may be longer than the other. */
  readonly #queues = { own: new QueueGauge(), pushed: new QueueGauge() };
  /** As they were when loss was last learnt from them. */
  #counted: Counts = { received: 0, lost: 0 };
  #counters = {
    received: 0,
    lost: 0,
    bursts: 0,
    repaired: 0,
    restored: 0,
    parity: 0,
    late: 0,
    duplicates: 0,
    forged: 0,
    requests: 0,
  };
  /** As long as parity comes. */
  #parity: ParityReceiver | undefined;
  #latency: number;
  #stretchedAt: number | undefined;
  #handOverAt = Number.POSITIVE_INFINITY;
  /** When the newest record that was heard of came in at the origin. */
  #newest: number | undefined;
  /** The sequence behind the last packet there will be. */
  #end = Number.POSITIVE_INFINITY;

  constructor(options: StreamReceiverOptions) {
    const { ssrc, sequence, chain, latency, path, onRecord } = options;
    this.ssrc = ssrc;
    this.targetLatency = latency;
    this.#latency = latency;
    this.#options = options;
    this.#path = path;
    this.#window = new ReceiveWindow(sequence);
    this.#handOver = new HandOver(this.#window, chain, this, onRecord);
    this.#seeker = new Seeker(path);
  }

  /** The latency at present, in microseconds. */
  get latency(): number {
    return this.#latency;
  }

  get counters(): ReceiverCounters {
    const handedOver = this.#handOver.counters;
    return { ...this.#counters, ...handedOver, lost: this.#counters.lost + handedOver.unasked };
  }

  /** The sequence behind the newest packet that was heard of. */
  get head(): number {
    return this.#window.head;
  }

  /** Whether it is known where the stream ends. */
  get isEnding(): boolean {
    return this.#end !== Number.POSITIVE_INFINITY;
  }

  /** Whether all there will ever be was handed over, or given up. */
  get isOver(): boolean {
    return this.#window.base >= this.#end;
  }

  /** What is held, in bytes. */
  get bytes(): number {
    return this.#window.bytes;
  }

  /** When {@link poll} is to be called next. */
  get next(): number {
    return this.#handOverAt;
  }

  /** When {@link request} is to be called next. */
  get asksAt(): number {
    return this.#seeker.next;
  }

  get patience(): number {
    return Math.max(LEAST_PATIENCE, this.#seeker.tolerance);
  }

  due(time: number): number {
    return this.#path.toLocal(time) + this.#latency;
  }

  /** Takes a media packet of this stream, authentic or not; returns whether it was, and new. */
  receive(packet: Uint8Array, now: number, by: 'own' | 'pushed' = 'own'): boolean {
    const sequence = sequenceOf(packet);
    if (this.#isKnown(sequence)) return false;
    const plain = this.#options.open(packet, sequence);
    if (!plain || plain.length < PAYLOAD_HEAD) {
      this.#counters.forged++;
      return false;
    }
    const remote = this.#path.toRemote(now);
    const time = timeOf(timestampOf(packet), remote);
    this.#path.guess(time, now);
    this.#makeRoom(sequence, plain.length);
    if (sequence >= this.#window.head) {
      this.#queues[by].observe(now - time - heldOf(plain), sequence > this.#window.head, now);
      this.#arrived(sequence, plain, time, now);
    } else this.#filled(sequence, now);
    this.#window.put(sequence, plain, time);
    if (this.#parity) this.#keep(this.#parity, { sequence, plain, ticks: timestampOf(packet) }, now);
    this.poll(now);
    return true;
  }

  /** Takes a packet of parity of this stream, authentic or not. */
  receiveParity(packet: Uint8Array, now: number): void {
    const parity = openParity(packet, this.#options.open);
    if (!parity) {
      this.#counters.forged++;
      return;
    }
    this.#counters.parity++;
    // It tells what has left before it, as a heartbeat does.
    const newest = parity.first + parity.count - 1;
    this.heartbeat({ item: 'heartbeat', ssrc: this.ssrc, sequence: newest, timestamp: timestampOf(packet) }, now);
    this.#parity ??= new ParityReceiver();
    this.#restored(this.#parity.take(parity, now), now);
    this.#seeker.lag = this.#parity.lag;
    this.poll(now);
  }

  /** Keeps a packet to restore others with, as long as parity comes. */
  #keep(parity: ParityReceiver, packet: Numbered, now: number): void {
    this.#restored(parity.keep(packet, now), now);
    if (!parity.isIdle) return;
    this.#parity = undefined;
    this.#seeker.lag = 0;
  }

  /** Takes what parity has restored; undefined stands for parity that cannot be right. */
  #restored(packets: readonly Numbered[] | undefined, now: number): void {
    if (!packets) this.#counters.forged++;
    for (const { sequence, plain, ticks } of packets ?? []) {
      if (!this.#isMissing(sequence)) continue;
      if (this.#window.askedOf(sequence) === 0) this.#counters.lost++;
      this.#counters.restored++;
      this.#window.put(sequence, plain, timeOf(ticks, this.#path.toRemote(now)));
    }
  }

  #isMissing(sequence: number): boolean {
    const window = this.#window;
    return sequence >= window.base && sequence < window.head && !window.has(sequence);
  }

  /** Hears of the newest packet of a stream that rests. */
  heartbeat({ sequence, timestamp }: Heartbeat, now: number): void {
    const window = this.#window;
    if (sequence < window.head || sequence - window.base >= LARGEST_WINDOW) return;
    this.#counters.bursts++;
    window.extend(sequence + 1, now);
    this.#newest = timeOf(timestamp, this.#path.toRemote(now));
    this.#seeker.noticed(now);
  }

  /** There will be no packet of this sequence or beyond. What is missing before may be late then: nothing waits behind it. */
  end(sequence: number, now: number): void {
    const window = this.#window;
    if (sequence - window.base > LARGEST_WINDOW) return;
    this.#end = sequence;
    // Some of it may not have left yet.
    window.extend(sequence, now + spreadOf(this.#latency));
    const from = this.#handOver.rejoin?.from ?? window.base;
    this.#handOver.rejoin = { from, end: sequence, until: now + this.#latency + LONGEST_REJOIN };
    this.#seeker.noticed(now);
  }

  /** Hands over what is due. */
  poll(now: number): void {
    this.#stretch(now);
    this.#handOverAt = this.#handOver.run(now);
  }

  /** What to ask the origin for now, if anything. */
  request(now: number): Request | undefined {
    const rejoin = this.#handOver.rejoin;
    const tail = this.#newest ?? this.#path.toRemote(now);
    const { runs, fresh } = this.#seeker.ask(this.#window, rejoin, tail, (time) => this.due(time), now);
    this.#counters.lost += fresh;
    if (runs.length === 0) return undefined;
    this.#counters.requests++;
    return { item: 'request', ssrc: this.ssrc, latency: this.#latency, overdue: rejoin?.end ?? 0, runs };
  }

  /** What the origin is to know. */
  report(): Report {
    const { received, lost, repaired, abandoned } = this.counters;
    const counts = { received, lost };
    if (this.#seeker.losses.learn(this.#counted, counts)) this.#counted = counts;
    const { own, pushed } = this.#queues;
    const [queue, rtt, jitter] = [Math.max(own.take(), pushed.take()), this.#path.rtt, this.#path.jitter];
    return { item: 'report', ssrc: this.ssrc, received, lost, repaired, abandoned, queue, rtt, jitter };
  }

  #isKnown(sequence: number): boolean {
    const window = this.#window;
    if (sequence >= window.head) return false;
    if (this.#isMissing(sequence)) return false;
    if (this.#handOver.forget(sequence)) this.#counters.late++;
    else this.#counters.duplicates++;
    return true;
  }

  #makeRoom(sequence: number, length: number): void {
    const window = this.#window;
    if (sequence - window.base >= LARGEST_WINDOW) this.#handOver.abandon(sequence);
    while (window.isBeyond(sequence, length)) {
      this.#handOver.abandon(window.base + 1 + ((window.head - window.base) >> 1));
    }
  }

  /** A packet came that is newer than all others. */
  #arrived(sequence: number, plain: Uint8Array, time: number, now: number): void {
    const { head } = this.#window;
    this.#counters.received++;
    this.#window.extend(sequence + 1, now);
    if (sequence > head) {
      this.#counters.bursts++;
      this.#seeker.noticed(now);
      this.#considerRejoin(head, sequence, startOf(plain, sequence) ?? head, time, now);
    }
    this.#newest = time;
  }

  /** A packet came that was missing. */
  #filled(sequence: number, now: number): void {
    const asked = this.#window.askedOf(sequence);
    const isOvertaken = this.#seeker.arrived(this.#window.timeOf(sequence), asked, now);
    if (isOvertaken) this.#counters.received++;
    else this.#counters.repaired++;
    if (isOvertaken && asked !== 0) this.#counters.lost--;
  }

  #considerRejoin(from: number, sequence: number, start: number, time: number, now: number): void {
    const before = this.#newest ?? time;
    if (time - before < OUTAGE || this.due(before) > now + 1.1 * this.#path.rtt) return;
    const goal = Math.max(from, start);
    if (goal < sequence) this.#handOver.rejoin = { from: goal, end: sequence, until: now + LONGEST_REJOIN };
  }

  #stretch(now: number): void {
    const most = STRETCH * Math.min(now - (this.#stretchedAt ?? now), SECOND);
    const change = this.targetLatency - this.#latency;
    this.#latency += Math.max(-most, Math.min(most, change));
    this.#stretchedAt = now;
  }
}
