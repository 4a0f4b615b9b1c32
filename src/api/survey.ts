import { RefusedError } from '../base/errors.ts';
import { MOST_HOPS, type Trace } from '../hub/passage.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { streamId } from '../net/identity.ts';
import type { LinkReport, PushReport } from '../net/links.ts';
import { traceHere } from '../net/trace.ts';
import { type ClientFilter, fits } from './client-filter.ts';
import { type ClientReport, isClient, reportClient } from './client-report.ts';
import type { Machine } from './machine.ts';
import type { Rates } from './rates.ts';
import { detailStream, type StreamDetail } from './stream-detail.ts';
import { mergeStreams, reportStream, type StreamReport } from './stream-report.ts';
import type { Traffic } from './traffic.ts';

/** Some of the clients, and how many there are. */
export interface ClientList {
  readonly total: number;
  readonly clients: readonly ClientReport[];
}

/** The links to other nodes, and what is pushed to them. */
export interface LinkList {
  readonly links: readonly LinkReport[];
  readonly pushes: readonly PushReport[];
}

/** What a worker uses, or all together. */
export interface WorkerUsage {
  readonly mem_kbyte: number;
  readonly mem_percent: number;
  readonly cpu_percent: number;
  /** How many it can use: one for each worker. */
  readonly cores: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connections: number;
}

/** What a {@link Survey} asks this worker itself. */
export interface SurveyGround {
  readonly context: Context;
  readonly rates: Rates;
  readonly traffic: Traffic;
  readonly machine: Machine;
}

/** What all workers of this node know: each answers for itself, and whoever asks puts it together. */
export class Survey {
  readonly #ground: SurveyGround;

  constructor(ground: SurveyGround) {
    const { siblings } = ground.context;
    this.#ground = ground;
    siblings.answer('streams', () => this.#streams());
    siblings.answer('clients', (asked) => this.#clients(...(asked as [number, ClientFilter])));
    siblings.answer('detail', (path) => this.#detail(path as StreamPath));
    siblings.answer('client', (id) => this.#client(id as string));
    siblings.answer('kick', (id) => this.#kick(id as string));
    siblings.answer('links', () => this.#links());
    siblings.answer('usage', () => this.#usage());
    siblings.answer('trace', (id) => this.#trace(id as string));
    siblings.answer('publishes', (path) => this.#publishes(path as StreamPath));
  }

  async streams(): Promise<StreamReport[]> {
    const others = await this.#ask<StreamReport[]>('streams');
    return mergeStreams([...this.#streams(), ...others.flat()]);
  }

  /** A stream by its id; undefined where there is none. */
  async stream(id: string): Promise<StreamReport | undefined> {
    return (await this.streams()).find(({ path }) => streamId(path) === id);
  }

  /** The path of a stream by its id; the other workers are asked only where it is not here. */
  async pathOf(id: string): Promise<StreamPath | undefined> {
    for (const { path } of this.#ground.context.hub.streams) if (streamId(path) === id) return path;
    return (await this.stream(id))?.path;
  }

  /** What the worker knows of a stream that has it from outside; undefined where none has it. */
  async detail(path: StreamPath): Promise<StreamDetail | undefined> {
    const others = async () => (await this.#ask<StreamDetail | null>('detail', path)).find((each) => each !== null);
    return this.#detail(path) ?? (await others());
  }

  /** At least the first `most` of those that fit, if there are so many. */
  async clients(most: number, filter: ClientFilter = {}): Promise<ClientList> {
    const lists = [this.#clients(most, filter), ...(await this.#ask<ClientList>('clients', [most, filter]))];
    const total = lists.reduce((sum, list) => sum + list.total, 0);
    return { total, clients: lists.flatMap(({ clients }) => clients) };
  }

  async client(id: string): Promise<ClientReport | undefined> {
    const others = () => this.#ask<ClientReport | null>('client', id);
    return this.#client(id) ?? (await others()).find((each) => each !== null) ?? undefined;
  }

  /** The way of what a client plays or publishes. */
  async trace(id: string): Promise<Trace | undefined> {
    const others = () => this.#ask<Trace | null>('trace', id);
    return (await this.#trace(id)) ?? (await others()).find((each) => each !== null) ?? undefined;
  }

  /** Closes a client; false when there is none of that id. */
  async kick(id: string): Promise<boolean> {
    return this.#kick(id) || (await this.#ask<boolean>('kick', id)).includes(true);
  }

  async links(): Promise<LinkList> {
    const all = [this.#links(), ...(await this.#ask<LinkList>('links'))];
    return { links: all.flatMap(({ links }) => links), pushes: all.flatMap(({ pushes }) => pushes) };
  }

  async usage(): Promise<WorkerUsage> {
    const all = [await this.#usage(), ...(await this.#ask<WorkerUsage>('usage'))];
    const sum = (of: keyof WorkerUsage) => all.reduce((total, each) => total + each[of], 0);
    return {
      mem_kbyte: sum('mem_kbyte'),
      mem_percent: sum('mem_percent'),
      cpu_percent: sum('cpu_percent'),
      cores: sum('cores'),
      bytesIn: sum('bytesIn'),
      bytesOut: sum('bytesOut'),
      connections: sum('connections'),
    };
  }

  /** Whether a stream is published to this node, and not fetched by it from elsewhere, and shows frames. */
  async publishes(path: StreamPath): Promise<boolean> {
    if (this.#publishes(path)) return true;
    const owner = this.#ground.context.siblings.ownerOf(path);
    return owner !== undefined && (await this.#ask<boolean>('publishes', path)).includes(true);
  }

  #ask<T>(topic: string, question: unknown = null): Promise<T[]> {
    return this.#ground.context.siblings.ask(topic, question) as Promise<T[]>;
  }

  #streams(): StreamReport[] {
    const { context, rates } = this.#ground;
    return Array.from(context.hub.streams, (stream) => reportStream(stream, rates));
  }

  #publishes(path: StreamPath): boolean {
    const stream = this.#ground.context.hub.find(path);
    const session = stream?.publisher?.session;
    if (!stream?.lineup || !session || stream.mirrored) return false;
    return session.detail['origin'] === undefined;
  }

  #detail(path: StreamPath): StreamDetail | null {
    const { context, traffic } = this.#ground;
    const stream = context.hub.find(path);
    return stream && !stream.mirrored?.isInner ? detailStream(stream, traffic, context.clock) : null;
  }

  #clients(most: number, filter: ClientFilter): ClientList {
    const { context, rates } = this.#ground;
    const all = [...context.sessions].filter(isClient).filter((client) => fits(client, filter));
    const clients = all.slice(0, most).map((client) => reportClient(client, rates, context.clock));
    return { total: all.length, clients };
  }

  #client(id: string): ClientReport | null {
    const { context, rates } = this.#ground;
    const session = context.sessions.find(id);
    return session && isClient(session) ? reportClient(session, rates, context.clock) : null;
  }

  async #trace(id: string): Promise<Trace | null> {
    const { context } = this.#ground;
    return context.sessions.find(id) ? traceHere(context, id, MOST_HOPS).catch(() => null) : null;
  }

  #kick(id: string): boolean {
    const session = this.#ground.context.sessions.find(id);
    if (!session || !isClient(session)) return false;
    session.close(new RefusedError('kicked', 'closed by an administrator'));
    return true;
  }

  #links(): LinkList {
    const { links } = this.#ground.context;
    return { links: [...links], pushes: links.pushes };
  }

  async #usage(): Promise<WorkerUsage> {
    const { context, traffic, machine } = this.#ground;
    const { mem_kbyte, mem_percent, cpu_percent } = (await machine.usage()).self;
    const { bytesIn, bytesOut } = traffic;
    return { mem_kbyte, mem_percent, cpu_percent, cores: 1, bytesIn, bytesOut, connections: context.admission.total };
  }
}
