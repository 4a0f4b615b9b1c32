import { monitorEventLoopDelay } from 'node:perf_hooks';
import { SECOND } from '../base/clock.ts';
import type { Context } from '../module.ts';
import { isViewer } from '../net/cluster.ts';
import { mergeReadings, type Reading, Series, type Values } from './series.ts';
import type { Traffic } from './traffic.ts';

/** What is kept of a node at each step. */
export const COLUMNS = ['viewers', 'streams', 'recv_kbps', 'send_kbps', 'cpu', 'delay_ms', 'memory'] as const;

/** One of {@link COLUMNS}. */
export type Column = (typeof COLUMNS)[number];

/** How a node went, by its id, which is empty where it has none. */
export interface NodeHistory {
  readonly id: string;
  readonly self: boolean;
  readonly reading: Reading<Column>;
}

/** How often all is looked at, in microseconds, and how often that is in an hour. */
export const STEP = 5 * SECOND;
const STEPS = 720;
/** Of so many other nodes an hour is kept. */
const MOST_NODES = 64;
/** The event loop's delay is measured so finely, in milliseconds. */
const RESOLUTION_MS = 20;

/** Keeps an hour of this node, and of what the others of its cluster tell of themselves, in memory of a fixed size. */
export class Chronicle {
  readonly #context: Context;
  readonly #traffic: Traffic;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #own = new Series<Column>(COLUMNS, STEPS);
  readonly #others = new Map<string, { readonly series: Series<Column>; last: number }>();
  #before: Totals;
  #cancel: () => void;

  constructor(context: Context, traffic: Traffic) {
    this.#context = context;
    this.#traffic = traffic;
    this.#before = this.#totals();
    this.#delay.enable();
    this.#cancel = this.#schedule();
    context.siblings.answer('history', (after) => this.#own.read(this.#slot(), after as number));
  }

  /** All nodes, this one first, from after the step `after` on. */
  async read(after: number): Promise<NodeHistory[]> {
    const { siblings, cluster } = this.#context;
    const last = this.#slot();
    const parts = (await siblings.ask('history', after)) as Reading<Column>[];
    const own = mergeReadings([this.#own.read(last, after), ...parts], COLUMNS, together);
    const others = Array.from(this.#others, ([id, { series }]) => ({
      id,
      self: false,
      reading: series.read(last, after),
    }));
    return [{ id: cluster?.nodeId ?? '', self: true, reading: own }, ...others];
  }

  stop(): void {
    this.#cancel();
    this.#delay.disable();
  }

  /** The turn that is nearest. */
  #slot(): number {
    return Math.round(this.#context.clock.wall() / STEP);
  }

  /** At the turn of every step by the wall clock, so that those of all workers are the same. */
  #schedule(): () => void {
    const { clock } = this.#context;
    // A timer may be a little early: the turn that it was for is not waited for again.
    const turn = this.#slot() + 1;
    return clock.after(turn * STEP - clock.wall(), () => {
      this.#cancel = this.#schedule();
      this.#own.put(turn, this.#look());
      void this.#lookAround(turn);
    });
  }

  #look(): Values<Column> {
    const { sessions, hub } = this.#context;
    const [before, now] = [this.#before, this.#totals()];
    const seconds = Math.max(1, now.time - before.time) / SECOND;
    let viewers = 0;
    for (const session of sessions) if (isViewer(session)) viewers++;
    // A stream that is another worker's is counted there.
    const streams = Array.from(hub.streams).filter(({ mirrored }) => !mirrored?.isInner).length;
    const kbps = (bytes: number) => Math.round((bytes * 8) / 1000 / seconds);
    const delay = Math.max(0, this.#delay.percentile(99) / 1e6 - RESOLUTION_MS);
    this.#delay.reset();
    this.#before = now;
    return {
      viewers,
      streams,
      recv_kbps: kbps(now.bytesIn - before.bytesIn),
      send_kbps: kbps(now.bytesOut - before.bytesOut),
      cpu: Math.round(((now.cpu - before.cpu) / (now.time - before.time || 1)) * 1000) / 1000,
      delay_ms: Math.round(delay * 10) / 10,
      memory: process.memoryUsage.rss(),
    };
  }

  #totals(): Totals {
    const { user, system } = process.cpuUsage();
    const { bytesIn, bytesOut } = this.#traffic;
    return { time: this.#context.clock.now(), cpu: user + system, bytesIn, bytesOut };
  }

  async #lookAround(slot: number): Promise<void> {
    const { cluster } = this.#context;
    const nodes = (await cluster?.nodes().catch(() => [])) ?? [];
    for (const { id, load } of nodes) {
      if (id === cluster?.nodeId) continue;
      const { cpu, viewers, streams, bitrate } = load;
      this.#seriesOf(id, slot)?.put(slot, { cpu, viewers, streams, send_kbps: Math.round(bitrate / 1000) });
    }
    for (const [id, { last }] of this.#others) if (slot - last >= STEPS) this.#others.delete(id);
  }

  #seriesOf(id: string, slot: number): Series<Column> | undefined {
    const present = this.#others.get(id);
    if (present) present.last = slot;
    else if (this.#others.size < MOST_NODES) this.#others.set(id, { series: new Series(COLUMNS, STEPS), last: slot });
    return this.#others.get(id)?.series;
  }
}

interface Totals {
  readonly time: number;
  readonly cpu: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What workers have is added up, but for their delay: the worst counts. */
function together(name: Column, values: readonly number[]): number {
  if (name === 'delay_ms') return Math.max(...values);
  return values.reduce((sum, value) => sum + value, 0);
}
