import type { Clock } from '../base/clock.ts';
import type { Delay, PacketLoss, Passage, Trace } from '../hub/passage.ts';
import type { Traceable } from '../hub/session.ts';
import type { StreamState } from './asides.ts';
import { DelayGauge } from './media/delay-gauge.ts';
import type { Reception } from './media/reception.ts';
import type { Source } from './subscription.ts';
import { askTrace } from './trace.ts';

/** So many records tell the delay of a stream: a few seconds of it. */
const MEASURED = 256;

/** How a stream comes from where it is subscribed to. */
export class SubscribedPassage implements Passage, Traceable {
  readonly isInner: boolean;
  /** The id of the session that sends it at the other node; undefined where that does not tell. */
  session: string | undefined;
  /** How its media comes by UDP, if it does. */
  reception: Pick<Reception, 'loss'> | undefined;
  readonly #source: Source;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #delays = new DelayGauge(MEASURED);
  /** What had come in at the owner before we came has waited for us there: that says nothing of the way. */
  readonly #since: number;
  #told: StreamState = { op: 'state' };

  constructor(source: Source, session: string | undefined, clock: Pick<Clock, 'wall'>) {
    this.isInner = source.isInner === true;
    this.session = session;
    this.#source = source;
    this.#clock = clock;
    this.#since = clock.wall();
  }

  /** Sessions between workers are in no list: theirs is the one that brings it to the other worker. */
  get trace(): string | undefined {
    return this.isInner ? this.#told.trace : this.session;
  }

  get ahead(): number | undefined {
    const { ahead: next } = this.#source;
    const { ahead: further } = this.#told;
    return next === undefined || further === undefined ? undefined : next + further;
  }

  get delay(): Delay | undefined {
    if (this.#delays.count === 0) return undefined;
    const [p50, p99] = [0.5, 0.99].map((share) => Math.max(0, this.#delays.quantile(share))) as [number, number];
    const { delay: before } = this.#told;
    return { total: { p50, p99 }, added: before === undefined ? undefined : Math.max(0, p50 - before) };
  }

  get loss(): PacketLoss | undefined {
    return this.reception?.loss;
  }

  /** A frame has come that came in at the owner at this time, by the owner's wall clock. */
  measure(ingest: number): void {
    const { ahead } = this;
    if (ahead === undefined || ingest - ahead < this.#since) return;
    this.#delays.observe(this.#clock.wall() + ahead - ingest);
  }

  /** The other node says how the stream comes to it. */
  hear(told: StreamState): void {
    this.#told = told;
  }

  async follow(most: number): Promise<Trace> {
    const { session } = this;
    if (session === undefined) throw new Error('it is of an older version');
    return askTrace(this.#source, session, most);
  }
}
