import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { type Clock, SECOND } from '../../base/clock.ts';
import type { Context } from '../../module.ts';
import type { LinkReport } from '../../net/links.ts';
import type { Traffic } from '../traffic.ts';
import type { LinkFacts, LoadFacts } from './facts.ts';

/** What is counted of a stream on a link. */
export type Crossed = Pick<LinkFacts, 'packets' | 'lost' | 'residual'>;

/** What had been counted at one moment; what happened since is the difference. */
interface Look {
  readonly loop: EventLoopUtilization;
  readonly refused: number;
  readonly shed: number;
  readonly skipped: ReadonlyMap<string, number>;
  readonly crossed: ReadonlyMap<string, Crossed>;
  /** One wait in a hundred since the look before was longer, in microseconds. */
  readonly delay: number;
}

/** What is looked at. */
export interface RecentGround {
  readonly context: Pick<Context, 'clock' | 'hub' | 'links' | 'admission' | 'memory' | 'siblings'>;
  readonly traffic: Traffic;
}

/** It is looked so often, and what was is forgotten after so many looks: a minute. */
const INTERVAL = 10 * SECOND;
const MOST_LOOKS = 6;
const NANOSECONDS = 1000;
const NOTHING: Crossed = { packets: 0, lost: 0, residual: 0 };

/** Knows what of this process's counts is of the last minute. */
export class Recent {
  readonly #ground: RecentGround;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  #looks: Look[];
  #cancel: () => void;

  constructor(ground: RecentGround) {
    this.#ground = ground;
    this.#delay.enable();
    this.#looks = [{ ...this.#look(), refused: 0, shed: 0, skipped: new Map(), crossed: new Map() }];
    this.#cancel = this.#schedule(ground.context.clock);
  }

  stop(): void {
    this.#delay.disable();
    this.#cancel();
  }

  /** How busy this process was. */
  load(): LoadFacts {
    const { admission, memory, siblings } = this.#ground.context;
    const before = this.#looks[0]!;
    const delays = [...this.#looks.slice(1).map(({ delay }) => delay), this.#waited()];
    return {
      worker: siblings.worker,
      busy: performance.eventLoopUtilization(before.loop).utilization,
      delay: Math.max(...delays),
      isFull: memory.isFull,
      refused: admission.refused - before.refused,
      shed: memory.shed - before.shed,
    };
  }

  /** How many frames viewers of a stream missed. */
  skipped(path: string): number {
    const stream = this.#ground.context.hub.find(path);
    if (!stream) return 0;
    return Math.max(0, this.#ground.traffic.skippedOf(stream) - (this.#looks[0]!.skipped.get(path) ?? 0));
  }

  /** What of `now` is new, of a stream on a link; after a link has begun anew all of it is. */
  crossed(link: LinkReport, path: string, now: Crossed): Crossed {
    const before = this.#looks[0]!.crossed.get(keyOf(link, path)) ?? NOTHING;
    if (now.packets < before.packets) return now;
    return {
      packets: now.packets - before.packets,
      lost: now.lost - before.lost,
      residual: now.residual - before.residual,
    };
  }

  #schedule(clock: Clock): () => void {
    return clock.after(INTERVAL, () => {
      this.#looks.push(this.#look());
      if (this.#looks.length > MOST_LOOKS) this.#looks.shift();
      this.#cancel = this.#schedule(clock);
    });
  }

  #look(): Look {
    const { context, traffic } = this.#ground;
    const skipped = new Map(Array.from(context.hub.streams, (stream) => [stream.path, traffic.skippedOf(stream)]));
    const crossed = new Map<string, Crossed>();
    for (const link of context.links) {
      for (const stream of link.streams) {
        const counted = countedOf(stream);
        if (counted) crossed.set(keyOf(link, stream.path), counted);
      }
    }
    const delay = this.#waited();
    this.#delay.reset();
    const { refused } = context.admission;
    return { loop: performance.eventLoopUtilization(), refused, shed: context.memory.shed, skipped, crossed, delay };
  }

  /** 0 while nothing was measured. */
  #waited(): number {
    return this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / NANOSECONDS;
  }
}

/** What is counted of a stream at this end of a link; undefined before the other end has told. */
export function countedOf(stream: LinkReport['streams'][number]): Crossed | undefined {
  return 'latency' in stream ? stream : stream.reported;
}

function keyOf({ role, node }: LinkReport, path: string): string {
  return `${role} ${node} ${path}`;
}
