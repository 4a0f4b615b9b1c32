import { setImmediate as drained } from 'node:timers/promises';
import { type Clock, MILLISECOND, SECOND } from '../../src/base/clock.ts';
import { RefusedError } from '../../src/base/errors.ts';
import { type Directory, type DirectoryEvent, MARKS } from '../../src/cluster/directory/directory.ts';
import { type DirectoryState, MemoryDirectory } from '../../src/cluster/directory/memory.ts';
import { Member } from '../../src/cluster/member.ts';
import { Hub, type HubOptions } from '../../src/hub/hub.ts';
import { MemoryLeases } from '../../src/hub/lease.ts';
import type { Mirror } from '../../src/hub/mirror.ts';
import type { Publisher } from '../../src/hub/publisher.ts';
import type { Seen } from '../../src/hub/seen.ts';
import { type Session, Sessions } from '../../src/hub/session.ts';
import type { Stream } from '../../src/hub/stream.ts';
import type { Frame } from '../../src/media/frame.ts';
import type { NodeRecord } from '../../src/net/cluster.ts';
import { Simulation } from './network.ts';
import { VIDEO } from './tracks.ts';

/** What happens in a {@link World}, and for how long; times are microseconds. */
export interface Plan {
  readonly seed: number;
  readonly nodes: number;
  readonly streams: number;
  /** How long things go wrong, and how long they are well again before it is judged. */
  readonly chaos: number;
  readonly healing: number;
}

/** What was found wrong; empty in a world that is as it should be. */
export type Findings = readonly string[];

const WALL = 1_800_000_000 * SECOND;
const DIRECTORY = 'directory';
const PATIENCE = 500 * MILLISECOND;
/** Of a subscription on which nothing comes. */
const SILENCE = 1 * SECOND;
const FRAME_EVERY = 200 * MILLISECOND;
const DISASTER_EVERY = 1 * SECOND;
const SNAPSHOT_EVERY = 100 * MILLISECOND;
const OPTIONS: Omit<HubOptions, 'takeover'> = {
  window: { duration: 2 * SECOND, bytes: 1e6 },
  grace: 10 * SECOND,
  stopGrace: 0,
  staleAfter: 2 * SECOND,
  segment: 2 * SECOND,
};
const never = new AbortController().signal;

/** Nodes with a directory of their own, encoders and viewers, in a network that an evil hand plays with; all by one seed. */
export class World {
  readonly simulation: Simulation;
  readonly takeover: HubOptions['takeover'];
  readonly found: string[] = [];
  readonly nodes: Node[] = [];
  readonly encoders: Encoder[] = [];
  readonly #plan: Plan;
  /** Pairs of names between which nothing passes. */
  readonly #cuts = new Set<string>();
  directory: MemoryDirectory;
  isDirectoryUp = true;
  #state: DirectoryState = { nodes: new Map(), streams: new Map() };
  #snapshots: DirectoryState[] = [];
  #directoryClock: Clock;
  #isHealed = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.simulation = new Simulation(plan.seed);
    this.takeover = this.pick(['stale', 'always', 'stale'] as const);
    this.#directoryClock = this.clock(this.skew(), () => true);
    this.directory = this.#openDirectory();
    for (let i = 0; i < plan.nodes; i++) this.nodes.push(new Node(this, `n${i}`));
    for (let i = 0; i < plan.streams; i++) {
      const path = `v/live/${i}`;
      const rivals = this.below(3) === 0 ? 2 : 1;
      for (let rival = 0; rival < rivals; rival++) this.encoders.push(new Encoder(this, path));
      for (const node of this.nodes) node.watch(path);
    }
  }

  /** Lets it all happen; resolves to what was found wrong. */
  async run(): Promise<Findings> {
    const { chaos, healing } = this.#plan;
    this.#every(SNAPSHOT_EVERY, () => this.#snapshot());
    this.#every(DISASTER_EVERY, () => this.#isHealed || this.#disaster());
    await this.#until(chaos);
    this.#heal();
    await this.#until(chaos + healing);
    this.#judge();
    return this.found;
  }

  // A world's dice.

  below(limit: number): number {
    return this.simulation.random.below(limit);
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  /** Clocks differ: mostly by little, now and then by much. */
  skew(): number {
    const most = this.pick([50 * MILLISECOND, 50 * MILLISECOND, 2 * SECOND, 60 * SECOND]);
    return this.below(2 * most) - most;
  }

  /** A clock that is off by `skew`, and whose timers only go off while `isAlive`. */
  clock(skew: number, isAlive: () => boolean): Clock {
    const { simulation } = this;
    return {
      now: () => simulation.now,
      wall: () => WALL + skew + simulation.now,
      after: (delay, action) => {
        let isCancelled = false;
        simulation.at(simulation.now + delay, () => {
          if (!isCancelled && isAlive()) action();
        });
        return () => void (isCancelled = true);
      },
    };
  }

  // A world's network.

  reaches(from: string, to: string): boolean {
    return !this.#cuts.has(`${from} ${to}`) && (to !== DIRECTORY || this.isDirectoryUp);
  }

  /** Has something arrive elsewhere, if it does; messages of one pair may overtake each other. */
  send(from: string, to: string, deliver: () => void): void {
    const delay = this.below(10) === 0 ? this.below(80 * MILLISECOND) : this.below(3 * MILLISECOND);
    if (!this.reaches(from, to)) return;
    this.simulation.at(this.simulation.now + delay, () => {
      if (this.reaches(from, to)) deliver();
    });
  }

  /** Has `serve` happen elsewhere and brings its answer; rejects after `patience` where either gets lost. */
  ask<T>(from: string, to: string, patience: number, serve: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.simulation.at(this.simulation.now + patience, () => reject(new Error('no answer')));
      this.send(from, to, () => {
        serve().then(
          (answer) => this.send(to, from, () => resolve(answer)),
          (error: unknown) => this.send(to, from, () => reject(error)),
        );
      });
    });
  }

  complain(finding: string): void {
    this.found.push(`${Math.round(this.simulation.now / MILLISECOND)} ms: ${finding}`);
  }

  // What goes wrong.

  #disaster(): void {
    const node = this.pick(this.nodes);
    const other = this.pick([...this.nodes.map(({ name }) => name), DIRECTORY]);
    const lasting = this.below(6 * SECOND);
    switch (this.below(5)) {
      case 0:
        return this.#cut(node.name, other, lasting);
      case 1:
        return this.#cut(node.name, DIRECTORY, lasting);
      case 2:
        node.crash();
        return this.simulation.at(this.simulation.now + lasting, () => node.start());
      case 3:
        return this.#crashDirectory(lasting);
      default:
        for (const { name } of this.nodes) if (this.below(2) === 0) this.#cut(node.name, name, lasting);
    }
  }

  /** Now and then in one direction only. */
  #cut(one: string, other: string, lasting: number): void {
    const pairs = this.below(4) === 0 ? [`${one} ${other}`] : [`${one} ${other}`, `${other} ${one}`];
    if (one === other) return;
    for (const pair of pairs) this.#cuts.add(pair);
    this.simulation.at(this.simulation.now + lasting, () => {
      for (const pair of pairs) this.#cuts.delete(pair);
    });
  }

  /** It comes back without its last writes, and by another clock. */
  #crashDirectory(lasting: number): void {
    if (!this.isDirectoryUp) return;
    this.isDirectoryUp = false;
    this.simulation.at(this.simulation.now + lasting, () => this.#restartDirectory());
  }

  #restartDirectory(): void {
    if (this.isDirectoryUp) return;
    this.#state = structuredClone(this.#snapshots[this.below(this.#snapshots.length)] ?? this.#state);
    this.#directoryClock = this.clock(this.skew(), () => true);
    this.directory = this.#openDirectory();
    this.isDirectoryUp = true;
  }

  #openDirectory(): MemoryDirectory {
    const directory = new MemoryDirectory(this.#directoryClock, this.#state);
    directory.watch((event) => {
      for (const node of this.nodes) this.send(DIRECTORY, node.name, () => node.hear(event));
    });
    return directory;
  }

  #snapshot(): void {
    this.#snapshots = [structuredClone(this.#state), ...this.#snapshots.slice(0, 20)];
  }

  #heal(): void {
    this.#isHealed = true;
    this.#cuts.clear();
    this.#restartDirectory();
    for (const node of this.nodes) node.start();
    // Two that take a stream from each other again and again never agree on one owner.
    const first = new Map(this.encoders.map((encoder) => [encoder.path, encoder]));
    for (const encoder of this.encoders) if (first.get(encoder.path) !== encoder) encoder.retire(this.takeover);
  }

  // What is to be seen then.

  #judge(): void {
    for (const path of new Set(this.encoders.map((encoder) => encoder.path))) {
      const owners = this.nodes.filter((node) => node.owns(path));
      if (owners.length !== 1) this.complain(`${path} has ${owners.length} owners: ${owners.map(({ name }) => name)}`);
      const record = this.#state.streams.get(path)?.record;
      if (record?.node !== owners[0]?.name)
        this.complain(`the directory takes ${record?.node} for the owner of ${path}`);
      for (const node of this.nodes) {
        const age = this.simulation.now - node.newest(path);
        if (age > SILENCE) this.complain(`${path} does not play at ${node.name}: nothing for ${age / SECOND} s`);
      }
    }
  }

  #every(period: number, act: () => void): void {
    const next = () => {
      act();
      this.simulation.at(this.simulation.now + period, next);
    };
    this.simulation.at(this.simulation.now + period, next);
  }

  async #until(end: number): Promise<void> {
    while (this.simulation.next <= end) {
      this.simulation.run(this.simulation.next);
      await drained();
    }
    this.simulation.run(end);
  }
}

/** One run of a node's process. */
interface Life {
  readonly hub: Hub;
  readonly member: Member;
  readonly sessions: Sessions;
  readonly pulls: Map<string, Pull>;
}

/** A node: the real hub and the real member of a cluster, with a relay that is played. */
export class Node {
  readonly name: string;
  readonly #world: World;
  readonly #clock: Clock;
  readonly #watched: string[] = [];
  /** The greatest token of which a frame was taken, by path, in this run of its process. */
  readonly #accepted = new Map<string, number>();
  readonly #listeners = new Set<(event: DirectoryEvent) => void>();
  #life: Life | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.#clock = world.clock(world.skew(), () => true);
    this.start();
  }

  get life(): Life | undefined {
    return this.#life;
  }

  start(): void {
    if (this.#life) return;
    const isAlive = () => this.#life === life;
    const clock = { ...this.#clock, after: this.#world.clock(0, isAlive).after };
    const { takeover } = this.#world;
    const { staleAfter, grace } = OPTIONS;
    const mark = this.#world.below(MARKS);
    const own = { nodeId: this.name, role: 'origin', version: '1', takeover, clock, mark } as const;
    const common = { ...own, staleAfter, grace };
    const member = new Member({ ...common, directory: this.#directory(isAlive), leases: new MemoryLeases(clock) });
    const hub = new Hub({ ...OPTIONS, takeover }, clock, member);
    const life: Life = { hub, member, sessions: new Sessions(clock), pulls: new Map() };
    this.#life = life;
    this.#accepted.clear();
    member.reachBy({
      ask: (...question) => this.#askOwner(...question),
      survey: async () => ({ streams: [] }),
      trace: async () => undefined,
    });
    member.onMove(({ path, node, token }) => this.#move(life, path, node, token));
    hub.resolveWith((path) => this.#resolve(life, path));
    member.start(() => ({ url: `headwater://${this.name}` }));
    for (const path of this.#watched) void this.#read(life, path);
  }

  crash(): void {
    this.#life = undefined;
    this.#listeners.clear();
  }

  /** From now on somebody here wants a stream, whatever becomes of it. */
  watch(path: string): void {
    this.#watched.push(path);
    if (this.#life) void this.#read(this.#life, path);
  }

  owns(path: string): boolean {
    const stream = this.#life?.hub.find(path);
    return stream?.publisher !== undefined && !stream.mirrored;
  }

  /** When the newest frame of a stream came. */
  newest(path: string): number {
    return this.#life?.hub.find(path)?.newest.arrival ?? Number.NEGATIVE_INFINITY;
  }

  hear(event: DirectoryEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** The directory as it is seen from here. */
  #directory(isAlive: () => boolean): Directory {
    let isLost = false;
    const ask = async <T>(step: (directory: Directory) => Promise<T>): Promise<T> => {
      try {
        const answer = await this.#world.ask(this.name, DIRECTORY, PATIENCE, () => step(this.#world.directory));
        if (isLost) this.hear({ type: 'missed' });
        isLost = false;
        if (!isAlive()) return await new Promise<T>(() => {});
        return answer;
      } catch (error) {
        isLost = true;
        throw error;
      }
    };
    return {
      beat: (node, holdings) => ask((it) => it.beat(node, structuredClone(holdings))),
      claim: (path, claim) => ask((it) => it.claim(path, claim)),
      find: (path) => ask((it) => it.find(path)),
      nodes: () => ask((it) => it.nodes()),
      streams: () => ask((it) => it.streams()),
      leave: (id) => ask((it) => it.leave(id)),
      offer: (...told) => ask((it) => it.offer(...told)),
      reserve: (wanted) => ask((it) => it.reserve(wanted)),
      drain: (...told) => ask((it) => it.drain(...told)),
      tell: (news) => ask((it) => it.tell(news)),
      watch: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      close: async () => {},
    };
  }

  #askOwner(owner: NodeRecord, path: string, patience: number): Promise<boolean> {
    const there = this.#world.nodes.find(({ name }) => name === owner.id)!;
    return this.#world.ask(this.name, owner.id, patience * MILLISECOND, async () => {
      if (!there.life) throw new Error('it is down');
      return there.life.member.yields(path);
    });
  }

  /** As the relay does it. */
  #move(life: Life, path: string, node: string, token: number): void {
    const { hub, pulls } = life;
    if (node === '') return void hub.raise(path, { token, dts: Number.NEGATIVE_INFINITY });
    hub.concede(path);
    pulls.get(path)?.move(node);
    hub.offer(path);
    if (hub.find(path)) void this.#resolve(life, path);
  }

  #resolve(life: Life, path: string): Promise<void> {
    const present = life.pulls.get(path);
    if (present) return present.found;
    const pull = new Pull(this.#world, this, life, path);
    life.pulls.set(path, pull);
    return pull.found;
  }

  async #read(life: Life, path: string): Promise<void> {
    while (this.#life === life) {
      const stream = await life.hub.read(path, Number.POSITIVE_INFINITY, never);
      await this.#follow(life, stream);
    }
  }

  /** Looks at every frame of a stream until it ends: tokens and times never go back. */
  #follow(life: Life, stream: Stream): Promise<void> {
    return new Promise((resolve) => {
      let [at, newest] = [stream.log.tail, Number.NEGATIVE_INFINITY];
      const look = () => {
        for (at = Math.max(at, stream.log.tail); at < stream.log.head; at++) {
          const frame = stream.log.at(at);
          if (frame.dts < newest) this.#world.complain(`${stream.path} goes back in time at ${this.name}`);
          newest = frame.dts;
          this.#check(stream.path, frame);
        }
        if (stream.ended || this.#life !== life) resolve();
      };
      stream.log.onChange(look);
      look();
    });
  }

  #check(path: string, { tenure: { token } }: Frame): void {
    const before = this.#accepted.get(path) ?? 0;
    if (token < before) this.#world.complain(`${this.name} takes ${token} for ${path} after ${before}`);
    this.#accepted.set(path, Math.max(before, token));
  }
}

/** Fetches a stream from whichever node has it, as the relay does. */
class Pull {
  readonly found: Promise<void>;
  readonly #world: World;
  readonly #node: Node;
  readonly #life: Life;
  readonly #path: string;
  readonly #found = Promise.withResolvers<void>();
  #source: string | undefined;
  #close = () => {};
  #hurry = () => {};

  constructor(world: World, node: Node, life: Life, path: string) {
    this.#world = world;
    this.#node = node;
    this.#life = life;
    this.#path = path;
    this.found = this.#found.promise;
    void this.#run().finally(() => {
      life.pulls.delete(path);
      this.#found.resolve();
    });
  }

  /** The stream is another node's. */
  move(node: string): void {
    if (this.#source === undefined) this.#hurry();
    else if (this.#source !== node) this.#close();
  }

  async #run(): Promise<void> {
    const { hub, member } = this.#life;
    while (this.#node.life === this.#life) {
      const nodes = await member.locate(this.#path);
      const least = hub.seen(this.#path);
      const lost = await Promise.any(nodes.map(({ id }) => this.#subscribe(id, least))).catch(() => undefined);
      await lost?.lost;
      const stream = hub.find(this.#path);
      if (!stream || stream.publisher) return;
      await new Promise<void>((resolve) => {
        this.#hurry = resolve;
        this.#world.simulation.at(this.#world.simulation.now + SECOND / 4, resolve);
      });
    }
  }

  async #subscribe(id: string, least: Seen): Promise<{ lost: Promise<void> }> {
    const there = this.#world.nodes.find(({ name }) => name === id)!;
    const stream = await this.#world.ask(this.#node.name, id, PATIENCE, async () => {
      const life = there.life;
      await life?.hub.raise(this.#path, least);
      const stream = life?.hub.find(this.#path);
      if (!stream?.lineup || stream.mirrored || stream.lease.token < least.token || there.life !== life)
        throw new RefusedError('not-found', 'not here');
      return stream;
    });
    const { hub } = this.#life;
    if (this.#node.life !== this.#life || hub.find(this.#path)?.publisher) throw new Error('another was faster');
    return { lost: new Promise((resolve) => this.#mirror(there, stream, resolve)) };
  }

  #mirror(there: Node, stream: Stream, onLost: () => void): void {
    const { hub, sessions } = this.#life;
    const session = sessions.open({ protocol: 'relay', remote: there.name, close: () => this.#close() });
    const mirror = hub.mirror(this.#path, session);
    this.#source = there.name;
    const [life, clock] = [there.life, this.#world.simulation];
    let [position, heard, isOpen] = [stream.log.start ?? stream.log.tail, clock.now, true];
    this.#close = () => {
      isOpen = false;
      this.#source = undefined;
      mirror.close();
      onLost();
    };
    const take = (frame: Frame) => {
      heard = clock.now;
      try {
        if (isOpen) this.#write(mirror, frame);
      } catch {
        this.#close();
      }
    };
    const pump = () => {
      if (!isOpen || this.#node.life !== this.#life) return;
      if (clock.now - heard > SILENCE || there.life !== life || stream.ended) return this.#close();
      for (position = Math.max(position, stream.log.tail); position < stream.log.head; position++) {
        const frame = stream.log.at(position);
        this.#world.send(there.name, this.#node.name, () => take(frame));
      }
      clock.at(clock.now + FRAME_EVERY / 4, pump);
    };
    try {
      mirror.announce(stream.lease.token, stream.lineup!, stream.tracks.values());
    } catch {
      return this.#close();
    }
    this.#found.resolve();
    pump();
  }

  #write(mirror: Mirror, frame: Frame): void {
    const { track, dts, pts, keyframe, data, seq, ingest, tenure } = frame;
    mirror.write({ track, dts, pts, keyframe, data, seq, ingest, ...tenure });
  }
}

/** Publishes one stream for ever: at any node that it reaches, and at another one when that fails. */
class Encoder {
  readonly path: string;
  readonly #world: World;
  #publisher: Publisher | undefined;
  #isRetired = false;

  constructor(world: World, path: string) {
    this.#world = world;
    this.path = path;
    this.#again();
  }

  /** Publishes no more where every newcomer takes a stream over. */
  retire(takeover: HubOptions['takeover']): void {
    this.#isRetired = takeover === 'always';
  }

  #again(): void {
    if (this.#isRetired) return;
    const { simulation } = this.#world;
    simulation.at(
      simulation.now + 200 * MILLISECOND + this.#world.below(800 * MILLISECOND),
      () => void this.#publish(),
    );
  }

  async #publish(): Promise<void> {
    const { life } = this.#world.pick(this.#world.nodes);
    if (!life) return this.#again();
    let isOpen = true;
    const close = () => {
      isOpen = false;
      this.#publisher?.close(false);
    };
    const session: Session = life.sessions.open({ protocol: 'test', remote: 'encoder', close });
    const isThere = () => this.#world.nodes.some((node) => node.life === life);
    const publishing = life.hub.publish(this.path, session, never).catch(() => undefined);
    const publisher = await Promise.race([publishing, this.#end(isThere)]);
    if (!publisher) return this.#again();
    this.#publisher = publisher;
    const began = this.#world.simulation.now;
    const write = () => {
      if (this.#isRetired) publisher.close(false);
      if (!isOpen || !isThere() || publisher.closed) return this.#again();
      const dts = this.#world.simulation.now - began;
      publisher.announce(new Set(['video']));
      publisher.write({ track: VIDEO, dts, pts: dts, keyframe: true, data: new Uint8Array(1) });
      this.#world.simulation.at(this.#world.simulation.now + FRAME_EVERY, write);
    };
    write();
  }
  /** Resolves when a node is there no more. */
  #end(isThere: () => boolean): Promise<undefined> {
    return new Promise((resolve) => {
      const look = () => {
        if (isThere()) this.#world.simulation.at(this.#world.simulation.now + FRAME_EVERY, look);
        else resolve(undefined);
      };
      look();
    });
  }
}
