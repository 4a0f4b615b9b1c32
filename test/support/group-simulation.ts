import { MILLISECOND, SECOND } from '../../src/base/clock.ts';
import { DATAGRAM_OVERHEAD } from '../../src/relay/link/datagram.ts';
import { EdgeEnd } from '../../src/relay/link/edge-end.ts';
import { type Destination, OriginEnd } from '../../src/relay/link/origin-end.ts';
import { sequenceOf } from '../../src/relay/link/packet.ts';
import type { ParityOutlet } from '../../src/relay/link/parity-sender.ts';
import type { Protection } from '../../src/relay/link/protection.ts';
import { SharedAnswers } from '../../src/relay/link/shared-answers.ts';
import { StreamSender, type Subscriber } from '../../src/relay/link/stream-sender.ts';
import { Course, open, seal } from './link-simulation.ts';
import { type Conditions, IP_UDP, Simulation, Wire } from './network.ts';

/** The paths of an edge: from the group, and both ways between it and the origin. */
export interface Member {
  readonly group: Conditions;
  readonly down: Conditions;
  readonly up: Conditions;
  /** When it subscribes, in microseconds; at once if nothing is said. */
  readonly from?: number;
}

/** What is simulated. Times are microseconds. */
export interface GroupScenario {
  readonly seed: number;
  readonly latency: number;
  readonly members: readonly Member[];
  /** How each edge wants the stream protected. */
  readonly protection?: Protection;
  /** Of the way that the group has in common, before it branches to its members. */
  readonly trunk?: Conditions;
}

/** One of the edges. */
export interface SimulatedEdge {
  readonly course: Course;
  readonly edge: EdgeEnd;
  readonly origin: OriginEnd;
  readonly down: Wire;
  /** When it subscribed. */
  readonly since: number;
}

const VIDEO_STEP = 40 * MILLISECOND;
const AUDIO_STEP = 23_220;
/** What timers are as exact as. */
const TICK = MILLISECOND;

interface Machine {
  readonly next: number;
  poll(now: number): void;
}

/** An origin that pushes one stream to a group of edges, each of which repairs by itself. */
export class GroupSimulation implements Destination {
  readonly simulation: Simulation;
  readonly sender: StreamSender;
  readonly edges: SimulatedEdge[] = [];
  /** Packets that were sent to the group, and sent to it again, and those of parity. */
  pushed = 0;
  repaired = 0;
  parity = 0;
  readonly #answers = new SharedAnswers();
  readonly #latency: number;
  readonly #sent: Course;
  readonly #groups: { readonly wire: Wire; readonly edge: EdgeEnd }[] = [];
  readonly #trunk: Wire;
  readonly #polls = new Map<Machine, number>();
  #asking = 0;
  readonly #protection: Protection | undefined;
  readonly #subscriber: Subscriber & ParityOutlet = {
    media: (packet) => this.#push(packet),
    heartbeat: () => {},
    parity: (packet) => {
      this.parity++;
      this.#send(packet);
    },
  };

  constructor({ seed, latency, members, protection, trunk = {} }: GroupScenario) {
    this.#protection = protection;
    this.simulation = new Simulation(seed);
    this.#trunk = new Wire(this.simulation, trunk);
    this.#latency = latency;
    this.sender = new StreamSender({ ssrc: 7, seal, latency });
    this.#sent = new Course(this.sender, true);
    for (const member of members) this.simulation.at(member.from ?? 0, () => this.#connect(member));
    this.#video(0, SECOND);
    this.#audio(SECOND);
  }

  /** How many edges have it pushed. */
  get asking(): number {
    return this.#asking;
  }

  run(until: number): this {
    this.simulation.run(until);
    return this;
  }

  carry(sender: StreamSender): () => void {
    if (this.#asking++ === 0) sender.attach(this.#subscriber);
    return () => {
      if (--this.#asking === 0) sender.detach(this.#subscriber);
    };
  }

  repair(_: StreamSender, packet: Uint8Array, edge: object): boolean {
    const way = this.#answers.route(sequenceOf(packet), edge, this.simulation.now);
    if (way !== 'all') return way === 'none';
    this.repaired++;
    this.#send(packet);
    return true;
  }

  outlet(): ParityOutlet {
    return this.#subscriber;
  }

  /** Records that an edge should have by now and has not. */
  missing({ course, since }: SimulatedEdge, margin = 150 * MILLISECOND): number[] {
    const came = new Set(course.came);
    const due = this.simulation.now - this.#latency - margin;
    return course.sent.flatMap(({ at }, number) => (at >= since && at < due && !came.has(number) ? [number] : []));
  }

  /** Both clocks are the same, but for this. */
  #edgeNow(): number {
    return this.simulation.now + 1_000_000_007;
  }

  #connect({ group, down, up }: Member): void {
    const [wire, back] = [new Wire(this.simulation, down), new Wire(this.simulation, up)];
    const send = (plain: Uint8Array) =>
      back.send(plain.length + DATAGRAM_OVERHEAD + IP_UDP, () => {
        origin.receive(plain, this.simulation.now);
        this.#wake(origin, () => this.simulation.now);
      });
    const edge = new EdgeEnd(send, this.#edgeNow());
    const deliver = (act: () => void) => () => {
      act();
      this.#wake(edge, () => this.#edgeNow());
    };
    const origin = new OriginEnd({
      media: (packet) =>
        wire.send(
          packet.length + IP_UDP,
          deliver(() => edge.receiveMedia(packet, this.#edgeNow())),
        ),
      control: (plain) =>
        wire.send(
          plain.length + DATAGRAM_OVERHEAD + IP_UDP,
          deliver(() => edge.receive(plain, this.#edgeNow())),
        ),
    });
    this.#groups.push({ wire: new Wire(this.simulation, group), edge });
    edge.poll(this.#edgeNow());
    this.#wake(edge, () => this.#edgeNow());
    // As long as pings take to learn the clock.
    this.simulation.at(this.simulation.now + SECOND / 2, () => this.#subscribe(edge, origin, wire));
  }

  #subscribe(edge: EdgeEnd, origin: OriginEnd, down: Wire): void {
    const course = Object.assign(new Course(this.sender, true), { sent: this.#sent.sent });
    const { sequence, chain } = this.sender.position;
    origin.protect(this.#protection);
    origin.subscribe(this.sender, this);
    course.receiver = edge.subscribe({
      ...{ ssrc: this.sender.ssrc, sequence, chain, latency: this.#latency, open },
      onRecord: (record) => course.take(record, this.simulation.now),
      onWay: () => {},
    });
    this.edges.push({ course, edge, origin, down, since: this.simulation.now });
  }

  #push(packet: Uint8Array): void {
    this.pushed++;
    this.#send(packet);
  }

  #send(packet: Uint8Array): void {
    this.#trunk.send(packet.length + IP_UDP, () => this.#branch(packet));
  }

  /** Who does not listen is not sent it, as by switches that watch who joins. */
  #branch(packet: Uint8Array): void {
    for (const { wire, edge } of this.#groups) {
      if (edge.wayOf(this.sender.ssrc) === 'own') continue;
      wire.send(packet.length + IP_UDP, () => {
        edge.receivePushed(packet, this.#edgeNow());
        this.#wake(edge, () => this.#edgeNow());
      });
    }
  }

  #video(number: number, at: number): void {
    this.simulation.at(at, () => {
      const isKey = number % 50 === 0;
      this.#record('video', isKey, isKey ? 20_000 : 1500 + this.simulation.random.below(3000));
      this.#video(number + 1, at + VIDEO_STEP);
    });
  }

  #audio(at: number): void {
    this.simulation.at(at, () => {
      this.#record('audio', false, 372);
      this.#audio(at + AUDIO_STEP);
    });
  }

  #record(kind: 'video' | 'audio', startable: boolean, size: number): void {
    this.#sent.push(kind, startable, size, this.simulation.now, this.simulation.now);
    this.#wake(this.sender, () => this.simulation.now);
  }

  #wake(machine: Machine, clock: () => number): void {
    const wait = machine.next - clock();
    if (wait === Number.POSITIVE_INFINITY) return;
    const at = Math.ceil((this.simulation.now + wait) / TICK) * TICK;
    const planned = this.#polls.get(machine);
    if (planned !== undefined && planned <= at && planned > this.simulation.now) return;
    this.#polls.set(machine, at);
    this.simulation.at(at, () => {
      if (this.#polls.get(machine) !== at) return;
      this.#polls.set(machine, 0);
      machine.poll(clock());
      this.#wake(machine, clock);
    });
  }
}
