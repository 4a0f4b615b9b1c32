import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../base/clock.ts';
import type { Hub } from '../hub/hub.ts';
import type { Sessions } from '../hub/session.ts';
import { type MoveTally, mergeReports, reportStreams, type StreamReport, sumOfMoves } from '../net/cluster.ts';
import { addReadings, IDLE, LoadGauge, type Reading } from '../net/load.ts';
import type { Siblings } from '../net/siblings.ts';
import { Arrivals } from './arrivals.ts';

/** What an {@link OwnNode} looks at. */
export interface OwnGround {
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly siblings: Siblings;
}

/** How a node is, or what one of its workers adds to that. */
export interface NodeState {
  readonly reading: Reading;
  /** How long the event loop makes others wait, 99 of 100 times, in milliseconds: of several the worst. */
  readonly delay: number;
  /** The tickets that have come since the last look. */
  readonly arrived: readonly string[];
  /** The most watched. */
  readonly streams: readonly StreamReport[];
  /** How far the latest moves are. */
  readonly moves: readonly MoveTally[];
}

/** Who is here. */
export type Present = Pick<Reading, 'viewers' | 'publishers'>;

interface Told extends NodeState {
  readonly worker: number;
}

const TOPIC = 'dispatch';
/** So many streams of a node are told to the others. */
const MOST_STREAMS = 100;
/** How finely the event loop is looked at, in milliseconds. */
const RESOLUTION = 20;
const NANOSECONDS = 1e6;

/** This node, of one worker or of several: the first of them asks the others, and tells them who is at the node. */
export class OwnNode {
  readonly #ground: OwnGround;
  readonly #load: LoadGauge;
  readonly #arrivals: Arrivals;
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  /** What each of the others told last: one that is late has not left. */
  readonly #others = new Map<number, Told>();
  readonly #moves: () => readonly MoveTally[];
  #reading = IDLE;
  #away: Present = IDLE;

  /** `moves` tells how far those are at this worker. */
  constructor(ground: OwnGround, moves: () => readonly MoveTally[] = () => []) {
    const { siblings } = ground;
    this.#ground = ground;
    this.#moves = moves;
    this.#load = new LoadGauge(ground);
    this.#arrivals = new Arrivals(ground.sessions);
    siblings.onLost((worker) => this.#others.delete(worker));
    siblings.answer(TOPIC, (present) => this.#answer(present as Present));
  }

  begin(): void {
    this.#delays.enable();
  }

  end(): void {
    this.#delays.disable();
  }

  /** Who is at the other workers, as it was told last. */
  get away(): Present {
    return this.#away;
  }

  /** How all of it is; for the first worker, which asks the others. */
  async look(): Promise<NodeState> {
    const { siblings } = this.#ground;
    const { viewers, publishers } = addReadings(this.#readingOfOthers(), this.#reading);
    const answers = (await siblings.ask(TOPIC, { viewers, publishers } satisfies Present)) as Told[];
    // Who does not answer this time has told of his tickets already.
    for (const [worker, state] of this.#others) this.#others.set(worker, { ...state, arrived: [] });
    for (const state of answers) this.#others.set(state.worker, state);
    this.#away = this.#readingOfOthers();
    return together([this.#measure(), ...this.#others.values()]);
  }

  #readingOfOthers(): Reading {
    return [...this.#others.values()].map(({ reading }) => reading).reduce(addReadings, IDLE);
  }

  #answer({ viewers, publishers }: Present): Told {
    const before = this.#reading;
    this.#away = { viewers: viewers - before.viewers, publishers: publishers - before.publishers };
    return { worker: this.#ground.siblings.worker, ...this.#measure() };
  }

  #measure(): NodeState {
    const delay = Math.round(this.#delays.percentile(99) / NANOSECONDS) || 0;
    this.#delays.reset();
    this.#reading = this.#load.read();
    const streams = reportStreams(this.#ground, () => false).slice(0, MOST_STREAMS);
    return { reading: this.#reading, delay, arrived: this.#arrivals.take(), streams, moves: this.#moves() };
  }
}

/** What several workers are as one node, on a machine of so many cores. */
export function together(states: readonly NodeState[], machine = availableParallelism()): NodeState {
  const reading = states.map((state) => state.reading).reduce(addReadings);
  return {
    reading: { ...reading, cores: Math.min(machine, reading.cores) },
    delay: Math.max(...states.map(({ delay }) => delay)),
    arrived: states.flatMap(({ arrived }) => arrived),
    streams: mergeReports(states.flatMap(({ streams }) => streams)).slice(0, MOST_STREAMS),
    moves: sumOfMoves(states.flatMap(({ moves }) => moves)),
  };
}
