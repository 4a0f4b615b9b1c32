import assert from 'node:assert/strict';
import { MILLISECOND, SECOND } from '../../src/base/clock.ts';
import { AutoLatency } from '../../src/relay/link/auto.ts';
import { USUAL_POLICY } from '../../src/relay/link/copies.ts';
import { DATAGRAM_OVERHEAD, readItems, writeItems } from '../../src/relay/link/datagram.ts';
import { EdgeEnd } from '../../src/relay/link/edge-end.ts';
import { type FecChoice, FecTrial, protectionFor, strongest } from '../../src/relay/link/fec.ts';
import type { IncomingRecord } from '../../src/relay/link/hand-over.ts';
import { OriginEnd } from '../../src/relay/link/origin-end.ts';
import { MEDIA_HEAD, type Open, type Seal } from '../../src/relay/link/packet.ts';
import type { StreamReceiver } from '../../src/relay/link/stream-receiver.ts';
import { type RecordKind, StreamSender } from '../../src/relay/link/stream-sender.ts';
import { type Conditions, GreedyFlow, IP_UDP, Simulation, Wire } from './network.ts';

const TAG = 16;
/** What timers are as exact as. */
const TICK = MILLISECOND;
/** How often the edge looks how its streams fare. */
const LOOK = SECOND / 5;

/** Stands for encryption: the bytes are as they were, the tag is empty. */
export const seal: Seal = (head, plain) => {
  const packet = new Uint8Array(head.length + plain.length + TAG);
  packet.set(head);
  packet.set(plain, head.length);
  return packet;
};
export const open: Open = (packet) => packet.subarray(MEDIA_HEAD, packet.length - TAG);

/** What is simulated. Times are microseconds. */
export interface Scenario {
  readonly seed: number;
  readonly duration: number;
  readonly latency: number;
  readonly down: Conditions;
  readonly up: Conditions;
  readonly streams?: number;
  /** Of each stream, bits a second. */
  readonly rate?: number;
  readonly gop?: number;
  readonly video?: boolean;
  readonly audio?: boolean;
  /** Whether streams are protected by parity; not if nothing is said. */
  readonly fec?: FecChoice;
  /** Nothing is ever asked for. */
  readonly withoutRepair?: boolean;
  /** A greedy flow uses the way down as well. */
  readonly greedy?: boolean;
  /** The edge's clock gains so many seconds a second on the origin's. */
  readonly drift?: number;
  /** Compare all bytes of all records, not only their ends. */
  readonly thorough?: boolean;
}

interface Sent {
  readonly at: number;
  readonly size: number;
  readonly kind: RecordKind;
  readonly startable: boolean;
}

const POOL = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 2_654_435_761) >>> 24);

/** One stream on its way: what was pushed, and what came of it. */
export class Course {
  readonly sent: Sent[] = [];
  /** The numbers of the records that came, and when. */
  readonly came: number[] = [];
  readonly cameAt: number[] = [];
  readonly sender: StreamSender;
  receiver!: StreamReceiver;
  readonly #thorough: boolean;

  constructor(sender: StreamSender, thorough: boolean) {
    this.sender = sender;
    this.#thorough = thorough;
  }

  push(kind: RecordKind, startable: boolean, size: number, sim: number, now: number): void {
    const bytes = new Uint8Array(Math.max(8, size));
    const number = this.sent.length;
    if (this.#thorough) bytes.set(POOL.subarray(number % 1000, (number % 1000) + bytes.length));
    const view = new DataView(bytes.buffer);
    view.setUint32(0, number);
    view.setUint32(bytes.length - 4, number);
    this.sent.push({ at: sim, size: bytes.length, kind, startable });
    this.sender.push({ kind, startable, bytes }, now);
  }

  /** Fails on a record that is not what was sent. */
  take({ bytes, startable }: IncomingRecord, sim: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const number = view.getUint32(0);
    const sent = this.sent[number];
    assert.ok(sent, `record ${number} was never sent`);
    assert.equal(bytes.length, sent.size, `record ${number} has its length`);
    assert.equal(view.getUint32(bytes.length - 4), number, `record ${number} is of one piece`);
    assert.equal(startable, sent.startable);
    if (this.#thorough) {
      const expected = POOL.subarray((number % 1000) + 4, (number % 1000) + bytes.length - 4);
      assert.ok(Buffer.compare(bytes.subarray(4, -4), expected) === 0, `record ${number} is as it was`);
    }
    this.came.push(number);
    this.cameAt.push(sim);
  }
}

/** A machine that says when it wants to be called next. */
interface Machine {
  readonly next: number;
  poll(now: number): void;
}

/** An origin, an edge and the path between them. */
export class LinkSimulation {
  readonly simulation: Simulation;
  readonly down: Wire;
  readonly up: Wire;
  readonly courses: Course[] = [];
  edge!: EdgeEnd;
  origin!: OriginEnd;
  greedy: GreedyFlow | undefined;
  /** Bytes of control datagrams on the wire, both ways. */
  controlBytes = 0;
  mostHeld = 0;
  readonly #scenario: Scenario;
  readonly #edgeOffset: number;
  readonly #originOffset: number;
  #generation = 0;
  readonly #polls = new Map<Machine, number>();
  readonly #measures = new Map<StreamReceiver, { readonly auto: AutoLatency; readonly trial: FecTrial }>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.simulation = new Simulation(scenario.seed);
    this.down = new Wire(this.simulation, scenario.down);
    this.up = new Wire(this.simulation, scenario.up);
    this.#edgeOffset = this.simulation.random.below(2 ** 31);
    this.#originOffset = this.simulation.random.below(2 ** 31);
    if (scenario.greedy) this.greedy = new GreedyFlow(this.simulation, this.down, scenario.up.delay ?? 0);
    this.#connect();
    // As long as pings take to learn the clock; media does not come before.
    this.simulation.run(SECOND / 2);
    for (let i = 0; i < (scenario.streams ?? 1); i++) this.#begin(i);
    if (scenario.fec) this.#look(scenario.fec);
  }

  /** The clocks of the two ends, which have nothing in common. */
  get originNow(): number {
    return Math.floor(this.simulation.now + this.#originOffset);
  }

  get edgeNow(): number {
    return Math.floor(this.simulation.now * (1 + (this.#scenario.drift ?? 0)) + this.#edgeOffset);
  }

  run(until = this.#scenario.duration): this {
    this.simulation.run(until);
    return this;
  }

  /** The edge forgets everything and subscribes again. */
  restartEdge(): void {
    this.#polls.delete(this.edge);
    this.origin.close();
    this.#connect();
    for (const course of this.courses) this.#subscribe(course);
  }

  /** The origin forgets everything: a new generation of each stream, which the edge subscribes to. */
  restartOrigin(): void {
    this.restartEdge();
    for (const [index, course] of this.courses.entries()) {
      this.#polls.delete(course.sender);
      this.origin.unsubscribe(course.sender.ssrc);
      const next = Object.assign(new Course(this.#sender(), this.#scenario.thorough ?? false), {
        sent: course.sent,
        came: course.came,
        cameAt: course.cameAt,
      });
      this.courses[index] = next;
      this.#subscribe(next);
    }
  }

  /** Packets sent, given up and lost on the way, of all streams. */
  get packets(): { sent: number; abandoned: number; lost: number } {
    const sum = (of: (course: Course) => number) => this.courses.reduce((total, course) => total + of(course), 0);
    return {
      sent: sum(({ sender }) => sender.counters.packets),
      abandoned: sum(({ receiver }) => receiver.counters.abandoned),
      lost: sum(({ receiver }) => receiver.counters.lost),
    };
  }

  /** What repairs, requests and reports cost, as a part of what the media costs. */
  get overhead(): number {
    const media = this.courses.reduce(
      (sum, { sender: { counters } }) => sum + counters.bytes + counters.packets * IP_UDP,
      0,
    );
    const repairs = this.origin.repairer.counters;
    const packets = repairs.packets + repairs.parity;
    return (repairs.bytes + repairs.parityBytes + packets * IP_UDP + this.controlBytes) / media;
  }

  #connect(): void {
    const send = (plain: Uint8Array) => this.#control(this.up, plain, () => this.#atOrigin(origin, plain));
    const edge = new EdgeEnd(send, this.edgeNow);
    const origin: OriginEnd = new OriginEnd({
      media: (packet) => this.#media(packet, edge),
      control: (plain) =>
        this.#control(this.down, plain, () => this.#atEdge(edge, () => edge.receive(plain, this.edgeNow))),
    });
    this.edge = edge;
    this.origin = origin;
    edge.poll(this.edgeNow);
    this.#wake(edge, () => this.edgeNow);
  }

  #sender(): StreamSender {
    const { latency } = this.#scenario;
    return new StreamSender({ ssrc: 1000 + this.#generation++, seal, latency });
  }

  #begin(index: number): void {
    const course = new Course(this.#sender(), this.#scenario.thorough ?? false);
    this.courses.push(course);
    this.#subscribe(course);
    const { video = true, audio = true } = this.#scenario;
    const phase = this.simulation.now + this.simulation.chance() * 40 * MILLISECOND;
    if (video) this.simulation.at(phase, () => this.#video(index, 0, phase));
    if (audio) this.simulation.at(phase + 5 * MILLISECOND, () => this.#audio(index, phase));
  }

  #subscribe(course: Course): void {
    const { sequence, chain } = course.sender.position;
    const { latency } = this.#scenario;
    this.origin.subscribe(course.sender);
    course.receiver = this.edge.subscribe({
      ssrc: course.sender.ssrc,
      sequence,
      chain,
      latency,
      open,
      onRecord: (record) =>
        this.courses.find((each) => each.sender === course.sender)?.take(record, this.simulation.now),
    });
  }

  /** Tells the origin how the streams are to be protected, as it does by the control stream. */
  #look(fec: FecChoice): void {
    const { latency, up } = this.#scenario;
    const { origin } = this;
    const protections = this.courses.map(({ receiver }) => {
      const fresh = { auto: new AutoLatency(this.edge.path, latency), trial: new FecTrial() };
      const { auto, trial } = this.#measures.get(receiver) ?? fresh;
      this.#measures.set(receiver, { auto, trial });
      auto.observe(receiver.counters, this.edgeNow);
      const wanted = protectionFor(fec, auto.conditions, latency, USUAL_POLICY);
      if (fec !== 'auto') return wanted;
      return trial.allow(wanted, receiver.counters, latency + this.edge.path.rtt, this.edgeNow);
    });
    this.simulation.at(this.simulation.now + (up.delay ?? 0), () => origin.protect(strongest(protections)));
    this.simulation.at(this.simulation.now + LOOK, () => this.#look(fec));
  }

  #video(index: number, number: number, at: number): void {
    const { rate = 4_000_000, gop = 50 } = this.#scenario;
    const isKey = number % gop === 0;
    const size = ((rate / 8 - 16_000) * gop) / 25 / (gop + 9);
    const next = at + 40 * MILLISECOND;
    this.#push(index, 'video', isKey, Math.round(size * (isKey ? 10 : 0.7 + 0.6 * this.simulation.chance())));
    this.simulation.at(next, () => this.#video(index, number + 1, next));
  }

  #audio(index: number, at: number): void {
    const next = at + 23_220;
    this.#push(index, 'audio', this.#scenario.video === false, 372);
    this.simulation.at(next, () => this.#audio(index, next));
  }

  #push(index: number, kind: RecordKind, startable: boolean, size: number): void {
    const course = this.courses[index]!;
    course.push(kind, startable, size, this.simulation.now, this.originNow);
    this.#wake(course.sender, () => this.originNow);
  }

  #media(packet: Uint8Array, edge: EdgeEnd): void {
    this.down.send(packet.length + IP_UDP, () => this.#atEdge(edge, () => edge.receiveMedia(packet, this.edgeNow)));
  }

  #control(wire: Wire, plain: Uint8Array, deliver: () => void): void {
    const bytes = plain.length + DATAGRAM_OVERHEAD + IP_UDP;
    this.controlBytes += bytes;
    wire.send(bytes, deliver);
  }

  #atEdge(edge: EdgeEnd, act: () => void): void {
    if (edge !== this.edge) return;
    act();
    this.#wake(edge, () => this.edgeNow);
    if (this.courses.length > 0) this.mostHeld = Math.max(this.mostHeld, this.courses[0]!.receiver.bytes);
  }

  #atOrigin(origin: OriginEnd, plain: Uint8Array): void {
    if (origin !== this.origin) return;
    const items = readItems(plain).filter(({ item }) => item !== 'request' || !this.#scenario.withoutRepair);
    origin.receive(writeItems(items), this.originNow);
    this.#wake(origin, () => this.originNow);
  }

  /** Has the machine polled when it wants, as exactly as timers are. */
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
