import { type Clock, MILLISECOND, SECOND } from '../../src/base/clock.ts';
import { Desk } from '../../src/dispatch/desk.ts';
import { type Candidate, fieldOfViewer } from '../../src/dispatch/rank.ts';
import { RoomGauge } from '../../src/dispatch/room.ts';
import type { NodeFront } from '../../src/net/cluster.ts';
import type { LinesWish } from '../../src/net/dispatch.ts';
import type { Places } from '../../src/net/places.ts';
import { Random } from '../fuzz/random.ts';

/** Many who come at the same time. */
export interface RushPlan {
  readonly seed: number;
  /** How many viewers each node is built for. */
  readonly capacities: readonly number[];
  readonly joins: number;
  /** How long they keep coming, in microseconds. */
  readonly lasting: number;
  /** What those use who give places away: each has its own. */
  readonly places: readonly Places[];
  readonly clock: Clock;
}

/** What became of them. */
export interface RushOutcome {
  /** The greatest share of its capacity that any node ever had, those counted who were on their way. */
  readonly fullest: number;
  /** How far a node's share is from that of all together in the end, at most, as a part of that. */
  readonly spread: number;
  readonly refused: number;
  readonly viewers: readonly number[];
}

const BIT_RATE = 1_000_000;
const LONGEST_WAY = 1500 * MILLISECOND;
const BEAT = 1 * SECOND;

/** What somebody asks who asks for nothing special. */
export const anyWish: LinesWish = {
  ...{ path: '__defaultVhost__/live/movie', viewer: '', protocols: [], exclude: [], region: '', probes: {} },
  ...{ reserve: true, query: '', host: 'localhost' },
};

/** What a node tells of itself. */
export const anyFront: NodeFront = {
  ...{ name: 'a node', region: '', protocols: { 'http-flv': 0 }, relayed: 500, ports: { http: 80 }, takes: 'all' },
  ...{ publishers: 0, delay: 0, owned: [], fetched: [] },
};

/** A node to which viewers may be sent. */
export function anyCandidate(id: string, more: Partial<Candidate> = {}): Candidate {
  const sets = { owned: new Set<string>(), fetched: new Set<string>() };
  const place = { http: 'http://192.0.2.4' };
  return { id, role: 'edge', isDraining: false, name: anyFront.name, front: anyFront, place, ...sets, ...more };
}

/** Viewers come to nodes, as two or more dispatchers send them; `id(i)` is that of a node. */
export class Rush {
  readonly #plan: RushPlan;
  readonly #random: Random;
  readonly #nodes: {
    readonly id: string;
    readonly gauge: RoomGauge;
    viewers: number;
    expected: number;
    arrived: string[];
  }[];
  readonly #desks: readonly Desk[];
  #fullest = 0;
  #isOver = false;
  #refused = 0;

  constructor(plan: RushPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#desks = plan.places.map((places) => new Desk(places, plan.clock));
    this.#nodes = plan.capacities.map((capacity, i) => {
      const gauge = new RoomGauge({ bandwidth: 0, viewers: capacity });
      return { id: `node-${i}`, gauge, viewers: 0, expected: 0, arrived: [] };
    });
  }

  get ids(): readonly string[] {
    return this.#nodes.map(({ id }) => id);
  }

  /** Begins; resolves when all who came have been sent somewhere. The clock is for the caller to move, if it does not by itself. */
  async begin(): Promise<void> {
    const { joins, lasting, clock } = this.#plan;
    await Promise.all(this.ids.map((_, i) => this.#beat(i)));
    for (const i of this.#nodes.keys()) clock.after(this.#random.below(BEAT), () => this.#keepBeating(i));
    const field = fieldOfViewer(
      this.ids.map((id) => anyCandidate(id)),
      anyWish,
    );
    const come = Array.from({ length: joins }, (_, i) => {
      return new Promise<void>((done) => {
        clock.after((lasting * i) / joins, () => {
          const desk = this.#desks[i % this.#desks.length]!;
          void desk.take(`ticket-${i}`, field).then((node) => (this.#send(`ticket-${i}`, node), done()));
        });
      });
    });
    await Promise.all(come);
  }

  /** The nodes say no more how they are. */
  end(): void {
    this.#isOver = true;
  }

  get outcome(): RushOutcome {
    const { capacities } = this.#plan;
    const viewers = this.#nodes.map(({ expected }) => expected);
    const sum = (of: readonly number[]) => of.reduce((total, each) => total + each, 0);
    const mean = sum(viewers) / sum(capacities);
    const spread = Math.max(...viewers.map((count, i) => Math.abs(count / capacities[i]! / mean - 1)));
    return { fullest: this.#fullest, spread, refused: this.#refused, viewers };
  }

  /** He is on his way. */
  #send(ticket: string, id: string | undefined): void {
    const i = this.#nodes.findIndex((node) => node.id === id);
    const node = this.#nodes[i];
    if (!node) return void this.#refused++;
    node.expected++;
    this.#fullest = Math.max(this.#fullest, node.expected / this.#plan.capacities[i]!);
    this.#plan.clock.after(this.#random.below(LONGEST_WAY), () => {
      node.viewers++;
      node.arrived.push(ticket);
    });
  }

  #keepBeating(i: number): void {
    if (this.#isOver) return;
    void this.#beat(i);
    this.#plan.clock.after(BEAT, () => this.#keepBeating(i));
  }

  #beat(i: number): Promise<void> {
    const { id, gauge, viewers, arrived } = this.#nodes[i]!;
    const bitrate = viewers * BIT_RATE;
    const room = gauge.read({ cpu: 0, cores: 1, viewers, bitrate, viewed: bitrate, delay: 0 });
    return this.#plan.places[0]!.offer(id, room, arrived.splice(0)).catch(() => {});
  }
}
