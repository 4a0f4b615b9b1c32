import { setTimeout as sleep } from 'node:timers/promises';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { isGroup } from '../../config/push.ts';
import type { PacketLoss } from '../../hub/passage.ts';
import type { LinkStream, MediaWay } from '../../net/links.ts';
import { AutoLatency, USUAL_AUTO } from '../link/auto.ts';
import { type RepairPolicy, USUAL_POLICY } from '../link/copies.ts';
import type { Way } from '../link/datagram.ts';
import type { EdgeEnd } from '../link/edge-end.ts';
import { type FecChoice, FecTrial, protectionFor } from '../link/fec.ts';
import type { IncomingRecord } from '../link/hand-over.ts';
import type { Protection } from '../link/protection.ts';
import { LONGEST_REJOIN, type ReceiverCounters, type StreamReceiver } from '../link/stream-receiver.ts';
import type { MediaGrant } from '../messages.ts';
import { DelayGauge } from './delay-gauge.ts';
import { openWith } from './media-cipher.ts';

/** Packets are known to be missing and none comes: after this time they are taken for blocked. */
const SILENCE = 1 * SECOND;
/** More than half missing for good, so many times in a row, says that large packets do not come through. */
const SPAN = 2 * SECOND;
const MOST_BAD_SPANS = 2;
/** What a record may take to leave the origin where the latency does not cover it. */
const WAY_OUT = 20 * MILLISECOND;
/** Where `auto` begins. */
const FIRST_LATENCY = SECOND / 2;

/** What a {@link Reception} is for. */
export interface ReceptionOptions {
  readonly path: string;
  readonly grant: MediaGrant;
  /** In microseconds; undefined for what the path needs. */
  readonly latency: number | undefined;
  readonly fec: FecChoice;
  readonly onRecord: (record: IncomingRecord) => void;
  /** There will be no more, for this reason. */
  readonly onLost: (reason: Error) => void;
  /** Listens where the stream is pushed, if it is and can be heard; the function returned ends that. */
  readonly listen?: (() => () => void) | undefined;
}

/** The latency to begin with, in microseconds. */
export function firstLatency(latency: number | undefined): number {
  return latency ?? FIRST_LATENCY;
}

/** One stream as it comes to an edge by UDP. */
export class Reception {
  readonly path: string;
  readonly ssrc: number;
  readonly onLost: (reason: Error) => void;
  /** How the origin should protect it. */
  protection: Protection | undefined;
  readonly #end: EdgeEnd;
  readonly #now: () => number;
  readonly #receiver: StreamReceiver;
  readonly #auto: AutoLatency;
  /** What the operator wants; undefined for what the path needs. */
  readonly #latency: number | undefined;
  readonly #fec: FecChoice;
  readonly #trial = new FecTrial();
  readonly #delays = new DelayGauge();
  readonly #listen: ReceptionOptions['listen'];
  readonly #over = Promise.withResolvers<void>();
  /** By which way it comes where it is heard as it is pushed. */
  readonly #pushedBy: MediaWay;
  #stopListening: (() => void) | undefined;
  /** How many packets had come and how many had been missing when the last one came, and since when more are missing. */
  #came = 0;
  #lost = 0;
  #missingSince: number | undefined;
  /** The counters when the span under way began. */
  #span = { since: Number.NEGATIVE_INFINITY, packets: 0, abandoned: 0 };
  #badSpans = 0;

  constructor(end: EdgeEnd, now: () => number, options: ReceptionOptions) {
    const { path, grant, latency, fec, onRecord, onLost, listen } = options;
    const { ssrc, sequence, chain } = grant;
    this.path = path;
    this.ssrc = ssrc;
    this.onLost = onLost;
    this.#end = end;
    this.#now = now;
    this.#listen = listen;
    this.#pushedBy = grant.pushed && isGroup(grant.pushed.host) ? 'multicast' : 'push';
    this.#latency = latency;
    this.#fec = fec;
    this.#auto = new AutoLatency(end.path, firstLatency(latency), USUAL_AUTO);
    // What came early is handed over before there is a receiver that could be asked.
    let look = () => {};
    this.#receiver = end.subscribe({
      ssrc,
      sequence,
      chain,
      latency: firstLatency(latency),
      open: openWith({ key: Buffer.from(grant.key, 'base64'), salt: Buffer.from(grant.salt, 'base64') }),
      onRecord: (record) => {
        this.#delays.observe(end.path.toRemote(now()) - record.time);
        // A fault in what is made of one stream must not stop all that come by this socket.
        try {
          onRecord(record);
        } catch (error) {
          onLost(error as Error);
        }
        look();
      },
      onWay: listen && ((way) => this.#hear(way)),
    });
    look = () => this.#lookForEnd();
    look();
    this.#hear(end.wayOf(ssrc));
  }

  /** The stream ends before this packet. */
  endBefore(sequence: number): void {
    this.#receiver.end(sequence, this.#now());
    this.#lookForEnd();
  }

  /** Resolves when all that has left the origin has left here as well, or it would take too long. */
  async drained(): Promise<void> {
    const { latency, patience, isEnding } = this.#receiver;
    const usual = latency + patience + this.#end.path.rtt + WAY_OUT;
    const longest = usual + (isEnding ? LONGEST_REJOIN : 0);
    await Promise.race([this.#over.promise, sleep(Math.ceil(longest / MILLISECOND), undefined, { ref: false })]);
  }

  /** How the origin should weigh repairs for it. */
  get policy(): RepairPolicy {
    return this.#latency === undefined ? this.#auto.policy : USUAL_POLICY;
  }

  /** Learns from what has come; false when packets are blocked. To be called a few times a second. */
  look(now: number): boolean {
    const { counters } = this.#receiver;
    this.#lookForEnd();
    this.#auto.observe(counters, now);
    if (this.#latency === undefined) this.#receiver.targetLatency = this.#auto.latency;
    this.protection = this.#protect(counters, now);
    this.#judgeSpan(counters, now);
    return this.#badSpans < MOST_BAD_SPANS && !this.#isSilent(counters, now);
  }

  close(): void {
    this.#end.unsubscribe(this.ssrc);
    this.#hear('own');
  }

  /** What became of its packets. */
  get loss(): PacketLoss {
    const { received, lost, abandoned } = this.#receiver.counters;
    return { packets: received + lost, lost, residual: abandoned };
  }

  /** How it is doing. */
  report(): LinkStream {
    const { counters, targetLatency } = this.#receiver;
    const { received, lost, repaired, restored, parity, late, duplicates, forged, requests, abandoned } = counters;
    return {
      path: this.path,
      media: this.#end.wayOf(this.ssrc) === 'pushed' ? this.#pushedBy : 'udp',
      latency: targetLatency,
      delay: { p50: this.#delays.quantile(0.5), p99: this.#delays.quantile(0.99) },
      ...this.#achieved(),
      packets: received + lost,
      ...{ lost, repaired, restored, parity, late, duplicates, forged, requests, residual: abandoned },
    };
  }

  #protect(counters: ReceiverCounters, now: number): Protection | undefined {
    const { latency } = this.#receiver;
    const wanted = protectionFor(this.#fec, this.#auto.conditions, latency, this.policy);
    if (this.#fec !== 'auto') return wanted;
    return this.#trial.allow(wanted, counters, latency + this.#end.path.rtt, now);
  }

  #lookForEnd(): void {
    if (this.#receiver.isOver) this.#over.resolve();
  }

  /** Who does not hear what is pushed shall not be sent it for nothing. */
  #hear(way: Way): void {
    if (way !== 'own') this.#stopListening ??= this.#listen?.();
    else {
      this.#stopListening?.();
      this.#stopListening = undefined;
    }
  }

  #isSilent({ received, repaired, restored, lost }: ReceiverCounters, now: number): boolean {
    const came = received + repaired + restored;
    if (came !== this.#came) [this.#came, this.#lost, this.#missingSince] = [came, lost, undefined];
    if (lost === this.#lost) return false;
    this.#missingSince ??= now;
    return now - this.#missingSince > SILENCE;
  }

  #judgeSpan({ received, lost, abandoned }: ReceiverCounters, now: number): void {
    const before = this.#span;
    if (now - before.since < SPAN) return;
    const packets = received + lost;
    this.#span = { since: now, packets, abandoned };
    const isBad = abandoned - before.abandoned > (packets - before.packets) / 2;
    this.#badSpans = isBad ? this.#badSpans + 1 : 0;
  }

  #achieved(): Pick<LinkStream, 'outcome' | 'summary'> {
    if (this.#latency !== undefined) this.#auto.latency = this.#latency;
    const outcome = this.#auto.outcome(this.#receiver.counters, this.protection);
    return { outcome, summary: this.#auto.summary(outcome) };
  }
}
