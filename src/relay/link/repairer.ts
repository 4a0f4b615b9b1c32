import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { BurstGauge } from './burst-gauge.ts';
import { copiesFor, type RepairPolicy, USUAL_POLICY } from './copies.ts';
import type { Report, Request } from './datagram.ts';
import { LossGauge } from './loss-gauge.ts';
import type { Priority } from './packet-cache.ts';
import { RepairBudget } from './repair-budget.ts';
import type { StreamSender } from './stream-sender.ts';

/** What a datagram costs besides its payload: IPv4 and UDP headers. */
const IP_UDP = 28;
/** An answer counts as lost when a request comes that was sent later than this after it should have arrived. */
const LEAST_MARGIN = 4 * MILLISECOND;
const JITTERS = 1;
/** Copies of one answer follow each other so closely, unless there is less time; bursts of loss are mostly shorter. */
const COPY_STEP = 20 * MILLISECOND;
/** From a packet's coming in to its being found missing, besides its way: it is paced, and a gap is to be seen. */
const NOTICED = 15 * MILLISECOND;
/** An answer waits for its turn for this part of the time that is left, at most. */
const LATEST_PART = 0.7;
/** So many answers and copies wait to be sent at most. */
const MOST_WAITING = 8192;
/** Assumed until reported. */
const USUAL_RTT = 100 * MILLISECOND;
const PRIORITIES: readonly Priority[] = [0, 1, 2];

/** What was answered to one edge, of one stream: by sequence modulo the cache's capacity. */
interface Answers {
  readonly sender: StreamSender;
  sequences: Float64Array;
  times: Float64Array;
  copies: Uint8Array;
  /** Counters of the newest report. */
  reported: Report | undefined;
  readonly bursts: BurstGauge;
}

/** A packet that is to be sent at a moment. */
interface Waiting {
  readonly answers: Answers;
  readonly sequence: number;
  readonly at: number;
  /** Whether it is a second copy, or a further one. */
  readonly isCopy: boolean;
}

/** A packet that will be answered. */
interface Granted {
  readonly sequence: number;
  readonly slot: number;
  readonly copies: number;
  /** How long from now it may take to leave, in microseconds. */
  readonly left: number;
}

/** What a {@link Repairer} did. */
export interface RepairCounters {
  requests: number;
  packets: number;
  /** Bytes of UDP payload. */
  bytes: number;
  /** Second and further copies among them. */
  copies: number;
  /** What was asked for and not answered: it would have come too late, was no longer kept, or the budget was spent. */
  hopeless: number;
  gone: number;
  throttled: number;
  /** Packets of parity, and their bytes, which count neither as repairs. */
  parity: number;
  parityBytes: number;
}

/** Answers the requests of one edge. An answer goes out when it can arrive in time and the one before it must have been lost. */
export class Repairer {
  readonly counters: RepairCounters = {
    requests: 0,
    packets: 0,
    bytes: 0,
    copies: 0,
    hopeless: 0,
    gone: 0,
    throttled: 0,
    parity: 0,
    parityBytes: 0,
  };
  readonly budget = new RepairBudget();
  policy: RepairPolicy = USUAL_POLICY;
  /** The path as the edge measured it. */
  readonly losses = new LossGauge();
  rtt = USUAL_RTT;
  jitter = 0;
  /** How long packets wait on it. */
  queue = 0;
  readonly #send: (packet: Uint8Array, ssrc: number) => void;
  readonly #streams = new Map<number, Answers>();
  readonly #waiting: Waiting[] = [];
  /** When the next answer may leave. */
  #freeAt = Number.NEGATIVE_INFINITY;

  /** `send` is given packets for this edge alone. */
  constructor(send: (packet: Uint8Array, ssrc: number) => void) {
    this.#send = send;
  }

  /** When {@link poll} is to be called next. */
  get next(): number {
    return this.#waiting[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(sender: StreamSender): void {
    const answers = { sender, sequences: none(), times: none(), copies: new Uint8Array(0) };
    this.#streams.set(sender.ssrc, { ...answers, reported: undefined, bursts: new BurstGauge(sender) });
  }

  remove(ssrc: number): void {
    this.#streams.delete(ssrc);
    const left = this.#waiting.filter(({ answers }) => answers.sender.ssrc !== ssrc);
    this.#waiting.splice(0, this.#waiting.length, ...left);
  }

  /** Answers what can be answered at once, what matters most first. What is not answered will be asked for again. */
  request(request: Request, now: number): void {
    const answers = this.#streams.get(request.ssrc);
    if (!answers) return;
    this.counters.requests++;
    this.#measureRate();
    const granted: Granted[] = [];
    for (const priority of PRIORITIES) this.#grantAll(answers, request, priority, now, granted);
    // What matters most is granted first, but what is due first leaves first.
    granted.sort((a, b) => a.sequence - b.sequence);
    for (const answer of granted) this.#schedule(answers, answer, now);
    this.poll(now);
  }

  /** Sends a packet of parity, if the budget has room for it. */
  parity(packet: Uint8Array, ssrc: number, now: number): void {
    this.#measureRate();
    if (!this.budget.take(packet.length + IP_UDP, now)) return;
    this.counters.parity++;
    this.counters.parityBytes += packet.length;
    this.#send(packet, ssrc);
  }

  /** Learns how the path is. */
  report(report: Report, now: number): void {
    const answers = this.#streams.get(report.ssrc);
    if (!answers) return;
    this.rtt = Math.min(report.rtt, 10 * SECOND);
    this.jitter = Math.min(report.jitter, SECOND);
    this.queue = Math.min(report.queue, SECOND);
    this.budget.adapt(report.queue, report.jitter, now);
    const { reported } = answers;
    if (!reported || this.losses.learn(reported, report)) answers.reported = report;
    answers.bursts.judge(now);
  }

  /** Sends what is due. */
  poll(now: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.at <= now) {
      const { answers, sequence, isCopy } = this.#waiting.shift()!;
      const packet = answers.sender.cache.get(sequence);
      if (!packet || (isCopy && !this.budget.take(packet.length + IP_UDP, now))) continue;
      if (isCopy) this.counters.copies++;
      this.counters.packets++;
      this.counters.bytes += packet.length;
      this.#send(packet, answers.sender.ssrc);
    }
  }

  #grantAll(
    answers: Answers,
    { runs, latency, overdue }: Request,
    priority: Priority,
    now: number,
    granted: Granted[],
  ): void {
    const { cache } = answers.sender;
    this.#fit(answers, cache.capacity);
    for (let i = 0; i < runs.length; i += 2) {
      const end = Math.min(runs[i]! + runs[i + 1]!, cache.head);
      if (priority === 0) this.counters.gone += Math.max(0, Math.min(end, cache.tail) - runs[i]!);
      for (let sequence = Math.max(runs[i]!, cache.tail); sequence < end; sequence++) {
        if (cache.priorityOf(sequence) !== priority) continue;
        const grant = this.#grant(answers, sequence, sequence < overdue ? Number.POSITIVE_INFINITY : latency, now);
        if (grant) granted.push(grant);
      }
    }
  }

  /** Whether a packet is worth an answer now, and in how many copies. */
  #grant(answers: Answers, sequence: number, latency: number, now: number): Granted | undefined {
    const { cache } = answers.sender;
    const slot = sequence & (answers.sequences.length - 1);
    if (answers.sequences[slot] !== sequence) this.#meet(answers, sequence, slot);
    const round = this.rtt + LEAST_MARGIN + JITTERS * this.jitter;
    if (now < answers.times[slot]! + round) return undefined;
    const left = cache.timeOf(sequence) + latency - Math.max(0, this.rtt / 2 - this.jitter) - now;
    if (left < 0) {
      this.counters.hopeless++;
      return undefined;
    }
    if (!this.budget.take(cache.get(sequence)!.length + IP_UDP, now)) {
      this.counters.throttled++;
      return undefined;
    }
    const again = round + this.rtt / 4;
    const tries = 1 + Math.floor(left / again);
    const usual = NOTICED + 1.5 * this.rtt + this.queue;
    const missed = (now - cache.timeOf(sequence) - usual) / again;
    const isKey = cache.priorityOf(sequence) === 0;
    const plight = { sent: answers.copies[slot]!, tries, missed };
    const copies = copiesFor(isKey, this.losses.loss, plight, this.policy);
    return { sequence, slot, left, copies };
  }

  /** A packet is asked for the first time. */
  #meet(answers: Answers, sequence: number, slot: number): void {
    answers.bursts.lost(answers.sender.cache.priorityOf(sequence) === 0);
    answers.sequences[slot] = sequence;
    answers.times[slot] = Number.NEGATIVE_INFINITY;
    answers.copies[slot] = 1;
  }

  #schedule(answers: Answers, { sequence, slot, left, copies }: Granted, now: number): void {
    // Paced, but never past the moment at which it must leave.
    const at = Math.max(now, Math.min(this.#freeAt, now + left * LATEST_PART));
    const step = Math.min(COPY_STEP, (left - (at - now)) / copies);
    this.#freeAt = Math.max(this.#freeAt, at) + this.budget.step(answers.sender.cache.get(sequence)!.length + IP_UDP);
    // An answer in copies is lost only when the last of them is.
    answers.times[slot] = at + (copies - 1) * step;
    answers.copies[slot] = Math.min(answers.copies[slot]! + copies, 255);
    for (let copy = 0; copy < copies; copy++) {
      this.#later({ answers, sequence, at: at + copy * step, isCopy: copy > 0 });
    }
  }

  #later(packet: Waiting): void {
    if (this.#waiting.length >= MOST_WAITING) return;
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.at > packet.at) at--;
    this.#waiting.splice(at, 0, packet);
  }

  #measureRate(): void {
    let rate = 0;
    for (const { sender } of this.#streams.values()) rate += sender.rate;
    this.budget.mediaRate = rate;
  }

  /** Keeps as many answers in mind as the cache has packets. */
  #fit(answers: Answers, capacity: number): void {
    const before = answers.sequences;
    if (before.length === capacity) return;
    const { times, copies } = answers;
    answers.sequences = new Float64Array(capacity).fill(-1);
    answers.times = new Float64Array(capacity);
    answers.copies = new Uint8Array(capacity);
    for (let from = 0; from < before.length; from++) {
      if (before[from]! < 0) continue;
      const to = before[from]! & (capacity - 1);
      answers.sequences[to] = before[from]!;
      answers.times[to] = times[from]!;
      answers.copies[to] = copies[from]!;
    }
  }
}

function none(): Float64Array {
  return new Float64Array(0);
}
