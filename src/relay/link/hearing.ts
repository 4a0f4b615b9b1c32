import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Way } from './datagram.ts';
import { ReplayWindow } from './replay-window.ts';

/** A judgement needs so many packets. */
const LEAST_PACKETS = 30;
/** For a trial to succeed, so much of what the stream had must be heard, within so long. */
const TRIAL = { share: 0.8, time: 3 * SECOND };
/** So much for the edge to stay, in each such span. */
const STAY = { share: 0.7, time: 0.4 * SECOND };
/** After a failure the next trial begins after a pause, which doubles up to the limit as long as none succeeds. */
const FIRST_PAUSE = 60 * SECOND;
const LONGEST_PAUSE = 16 * 60 * SECOND;
/** Nothing was heard for so long: there may be something that is missing, and only the origin can tell. */
const SILENCE = 60 * MILLISECOND;
/** Nothing was heard for so long of so many packets: there is nothing to be heard any more. */
const DEAF = { time: 150 * MILLISECOND, packets: 8 };

/**
 * Decides by which way an edge takes a stream that is pushed somewhere. It begins by its own way, and leaves that only when it
 * has heard nearly all of what is pushed; it returns to it when too much of that is missing. So no network stops a stream.
 */
export class Hearing {
  #way: Way = 'trial';
  /** When the trial, the span or the pause under way began. */
  #since: number | undefined;
  /** The stream's head where counting began, and how many packets were heard since; a trial counts from the first one heard. */
  #base: number;
  #heard = 0;
  #pause = 0;
  /** The newest packet that was heard, and when one was; when the stream was judged. */
  #newest = 0;
  #heardAt = 0;
  #lookedAt = 0;
  readonly #known = new ReplayWindow();

  /** `head` is the sequence that the stream's next packet has. */
  constructor(head: number) {
    this.#base = head;
  }

  get way(): Way {
    return this.#way;
  }

  /** When the origin is to be asked how far the stream has come. */
  get asksAt(): number {
    return this.#way === 'pushed' ? Math.max(this.#heardAt, this.#lookedAt) + SILENCE : Number.POSITIVE_INFINITY;
  }

  /** An authentic packet of the stream came from where it is pushed. */
  heard(sequence: number, now: number): void {
    this.#heardAt = now;
    this.#newest = Math.max(this.#newest, sequence);
    if (!this.#known.accept(sequence)) return;
    if (this.#way === 'trial' && this.#heard === 0) this.#base = sequence;
    this.#heard++;
  }

  /** Judges anew. To be called a few times a second, with the sequence behind the newest packet that was heard of in any way. */
  look(head: number, now: number): void {
    this.#since ??= now;
    this.#lookedAt = now;
    const [packets, time] = [head - this.#base, now - this.#since];
    if (this.#way === 'own') {
      if (time >= this.#pause) this.#begin('trial', head, now);
    } else if (this.#isDeaf(head, now)) this.#giveUp(head, now);
    else if (packets >= LEAST_PACKETS) this.#judge(packets, time, head, now);
  }

  #isDeaf(head: number, now: number): boolean {
    const missed = head - 1 - this.#newest;
    return this.#way === 'pushed' && now - this.#heardAt >= DEAF.time && missed >= DEAF.packets;
  }

  #judge(packets: number, time: number, head: number, now: number): void {
    const isTrial = this.#way === 'trial';
    const terms = isTrial ? TRIAL : STAY;
    const isGood = this.#heard >= terms.share * packets;
    const isOver = time >= terms.time;
    if (isGood && (isTrial || isOver)) {
      this.#pause = 0;
      this.#begin('pushed', head, now);
    } else if (isOver) this.#giveUp(head, now);
  }

  #giveUp(head: number, now: number): void {
    this.#pause = Math.max(FIRST_PAUSE, Math.min(2 * this.#pause, LONGEST_PAUSE));
    this.#begin('own', head, now);
  }

  #begin(way: Way, head: number, now: number): void {
    this.#way = way;
    this.#base = head;
    this.#heard = 0;
    this.#since = now;
  }
}
