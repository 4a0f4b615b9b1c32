import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { HubOptions } from '../hub/hub.ts';
import type { Lease, Leases } from '../hub/lease.ts';
import type { Trace } from '../hub/passage.ts';
import { describePath, type StreamPath } from '../hub/path.ts';
import {
  type LineCluster,
  NO_LOAD,
  type NodeFront,
  type NodeLoad,
  type NodeRecord,
  type NodeReport,
  type Reach,
  type StreamRecord,
  type Surveyed,
  type SurveyQuestion,
} from '../net/cluster.ts';
import type { Places } from '../net/places.ts';
import { type Directory, type DirectoryEvent, marked } from './directory/directory.ts';
import { Holdings } from './holdings.ts';

/** What a {@link Member} is made with. */
export interface MemberOptions {
  readonly nodeId: string;
  readonly role: NodeRecord['role'];
  readonly version: string;
  readonly directory: Directory;
  /** What this node itself remembers of its streams, for when the directory does not. */
  readonly leases: Leases;
  /** Whether the streams of a node that lives, and is not to be reached, may be taken over. */
  readonly takeover: HubOptions['takeover'];
  /** How long a publisher must have been silent to count as stale, in microseconds: so long its node may take to answer. */
  readonly staleAfter: number;
  /** How long a stream waits for a publisher that broke off, in microseconds. */
  readonly grace: number;
  readonly clock: Clock;
  /** That of this run, at random: see {@link marked}. */
  readonly mark: number;
}

/** Where a node is to be reached, if it is. */
export type Self = Pick<NodeRecord, 'url' | 'address'>;

/** How often a node says that it lives, and how soon after it has news; in microseconds. */
const BEAT_EVERY = 1 * SECOND;
const [NEWS_AFTER, RETRY_AFTER] = [10 * MILLISECOND, 200 * MILLISECOND];
/** How long an owner may take to say whether it yields, in milliseconds: beyond what it waits for its publisher, and when it seems dead. */
const [WAY_MS, LAST_CHANCE_MS] = [300, 300];
/** Others may be faster so often. */
const MOST_ATTEMPTS = 4;
/** How long what is known of the nodes is good enough, in microseconds. */
const FRESH = 1 * SECOND;
/** How many streams of others are remembered. */
const MOST_KNOWN = 100_000;
/** How many nodes are asked for a stream of which nobody knows where it is. */
const MOST_ASKED = 16;

/** One node's part in its cluster: says that it lives, claims streams for it, and finds those of others. */
export class Member implements Leases, LineCluster {
  readonly nodeId: string;
  readonly #options: MemberOptions;
  readonly #since: number;
  readonly #holdings = new Holdings();
  /** The newest that is known of streams of others: no lower token than one known is believed. */
  readonly #known = new Map<StreamPath, StreamRecord>();
  /** The claims under way: one at a time for each stream. */
  readonly #claims = new Map<StreamPath, Promise<Lease>>();
  readonly #listeners: ((record: StreamRecord) => void)[] = [];
  readonly #hearers: ((news: unknown) => void)[] = [];
  #nodes: { readonly all: readonly NodeRecord[]; readonly at: number } = { all: [], at: Number.NEGATIVE_INFINITY };
  #self: () => Self = () => ({});
  #load = NO_LOAD;
  #front: NodeFront | undefined;
  #yields: (path: StreamPath) => Promise<boolean> = async () => true;
  #reach: Reach | undefined;
  #isBeating = false;
  #isStopped = true;
  #cancel = () => {};
  readonly #unwatch: () => void;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    this.#since = options.clock.wall();
    this.#unwatch = options.directory.watch((event) => this.#hear(event));
  }

  /** Enters the cluster: from now on others know of this node, and where it is. */
  start(self: () => Self): void {
    this.#self = self;
    this.#isStopped = false;
    void this.#beat();
  }

  /** Leaves it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    this.#unwatch();
    await this.#options.directory.leave(this.nodeId).catch(() => {});
    await this.#options.directory.close();
  }

  async claim(path: StreamPath, held?: Lease, seen = 0, over?: number): Promise<Lease> {
    const present = this.#holdings.get(path);
    if (present && held && present.token === held.token && held.token >= seen) return held;
    const pending = this.#claims.get(path);
    if (pending) return pending;
    const claim = this.#win(path, Math.max(seen, held?.token ?? 0), over).finally(() => this.#claims.delete(path));
    this.#claims.set(path, claim);
    return claim;
  }

  keep(path: StreamPath, lease: Lease): void {
    // One that was lost meanwhile is not ours to keep.
    if (!this.#holdings.get(path)) return;
    this.#options.leases.keep(path, lease);
    this.#holdings.set(path, lease);
    this.#soon();
  }

  release(path: StreamPath): void {
    this.#options.leases.release(path);
    const lease = this.#holdings.get(path);
    if (!lease) return;
    this.#remember({ path, token: lease.token, node: '' });
    this.#holdings.end(path);
    this.#soon();
  }

  /** Who published a stream is gone without a word. It has ended unless it is claimed again in time. */
  leave(path: StreamPath): void {
    const token = this.#holdings.get(path)?.token;
    const end = () => {
      if (token !== undefined && this.#holdings.get(path)?.token === token) this.release(path);
    };
    this.#options.clock.after(this.#options.grace, end);
  }

  onRival(yields: (path: StreamPath) => Promise<boolean>): void {
    this.#yields = yields;
  }

  yields(path: StreamPath): Promise<boolean> {
    return this.#yields(path);
  }

  reachBy(reach: Reach): void {
    this.#reach = reach;
  }

  async survey(own: Surveyed, question: SurveyQuestion = {}): Promise<readonly NodeReport[]> {
    const ask = async (node: NodeRecord): Promise<NodeReport> => {
      if (node.id === this.nodeId) return { node, answer: own };
      return { node, answer: await this.#reach?.survey(node, question).catch(() => undefined) };
    };
    return Promise.all((await this.nodes()).map(ask));
  }

  async trace(session: string): Promise<{ readonly trace: Trace | undefined; readonly unasked: number }> {
    const others = (await this.nodes()).filter(({ id }) => id !== this.nodeId);
    const found = Promise.withResolvers<Trace>();
    let unasked = 0;
    const ask = async (node: NodeRecord): Promise<void> => {
      const trace = await this.#reach?.trace(node, session).catch(() => void unasked++);
      if (trace) found.resolve(trace);
    };
    const trace = await Promise.race([found.promise, Promise.all(others.map(ask)).then(() => undefined)]);
    return { trace, unasked };
  }

  onMove(listener: (record: StreamRecord) => void): void {
    this.#listeners.push(listener);
  }

  async locate(path: StreamPath): Promise<readonly NodeRecord[]> {
    const known = this.#known.get(path);
    let isAnswered = true;
    const found = await this.#options.directory.find(path).catch(() => void (isAnswered = false));
    if (found) this.#learn(found);
    const owners = new Set([found?.node, known?.node].filter((node) => node && node !== this.nodeId));
    if (owners.size === 0 && isAnswered) return [];
    const nodes = (await this.#nodesWith(owners as Set<string>)).filter(({ id, url }) => url && id !== this.nodeId);
    if (owners.size > 0) return nodes.filter(({ id }) => owners.has(id));
    return nodes.filter(({ role }) => role === 'origin').slice(0, MOST_ASKED);
  }

  nodes(): Promise<readonly NodeRecord[]> {
    return this.#nodesWith(new Set());
  }

  streams(): Promise<readonly StreamRecord[]> {
    return this.#options.directory.streams();
  }

  get places(): Places {
    return this.#options.directory;
  }

  show(load: NodeLoad, front: NodeFront): void {
    const isNew = this.#front === undefined;
    this.#load = load;
    this.#front = front;
    if (isNew) this.#soon();
  }

  async drain(node: string, isDraining: boolean): Promise<void> {
    await this.#options.directory.drain(node, isDraining);
    this.#nodes = { ...this.#nodes, at: Number.NEGATIVE_INFINITY };
  }

  tell(news: object): Promise<void> {
    return this.#options.directory.tell(JSON.stringify(news));
  }

  onTold(listener: (news: unknown) => void): void {
    this.#hearers.push(listener);
  }

  /** Makes this node the owner of a stream. */
  async #win(path: StreamPath, seen: number, over: number | undefined): Promise<Lease> {
    const { directory, leases, mark } = this.#options;
    let rival = this.#rival(this.#known.get(path));
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (rival && rival.record.token !== over) await this.#negotiate(rival.record, rival.isAlive);
      const known = this.#known.get(path);
      const claim = {
        node: this.nodeId,
        mark,
        seen: Math.max(seen, known?.token ?? 0),
        over: rival?.record.token ?? over,
      };
      const answer = await directory.claim(path, claim).catch(() => undefined);
      if (answer && 'held' in answer) {
        this.#learn(answer.held);
        rival = { record: answer.held, isAlive: answer.isAlive };
      } else {
        // While the directory is away its word cannot be had: what comes of that is sorted out when it is back.
        const kept = await leases.claim(path, undefined, claim.seen);
        if (!answer) return this.#own(path, { ...kept, token: marked(kept.token, mark) });
        const { token, anchor, next } = answer.granted;
        // What is ours already we know better than the directory.
        const present = this.#holdings.get(path) ?? (answer.wasKnown ? { anchor, next } : kept);
        return this.#own(path, { ...present, token });
      }
    }
    throw busy(path);
  }

  #own(path: StreamPath, lease: Lease): Lease {
    this.#known.delete(path);
    this.#holdings.set(path, lease);
    this.#options.leases.keep(path, lease);
    this.#soon();
    return lease;
  }

  #rival(record: StreamRecord | undefined): { record: StreamRecord; isAlive: boolean } | undefined {
    return record && record.node !== '' && record.node !== this.nodeId ? { record, isAlive: true } : undefined;
  }

  /** Asks an owner for its stream. Rejects when it keeps it; one who does not answer has lost it. */
  async #negotiate({ path, node }: StreamRecord, isAlive: boolean): Promise<void> {
    const owner = (await this.#nodesWith(new Set([node]))).find(({ id }) => id === node);
    if (!owner?.url) return;
    const { takeover, staleAfter } = this.#options;
    const patience = isAlive ? staleAfter / MILLISECOND + WAY_MS : LAST_CHANCE_MS;
    const yields = await this.#reach?.ask(owner, path, patience).catch(() => undefined);
    if (yields === false || (yields === undefined && isAlive && takeover === 'never')) throw busy(path);
  }

  /** What is known of the nodes, learnt anew where that is old or one of `wanted` is missing. */
  async #nodesWith(wanted: ReadonlySet<string>): Promise<readonly NodeRecord[]> {
    const { directory, clock } = this.#options;
    const isKnown = [...wanted].every((node) => this.#nodes.all.some(({ id }) => id === node));
    if (!isKnown || clock.now() - this.#nodes.at > FRESH) {
      const all = await directory.nodes().catch(() => undefined);
      if (all) this.#nodes = { all, at: clock.now() };
    }
    return this.#nodes.all;
  }

  #hear(event: DirectoryEvent): void {
    if (event.type === 'moved') return this.#learn(event.record);
    if (this.#isStopped) return;
    if (event.type === 'told') return this.#listen(event.news);
    // So that they can be reached when the directory cannot.
    this.#nodes = { ...this.#nodes, at: Number.NEGATIVE_INFINITY };
    void this.nodes();
    if (event.type === 'joined') return;
    this.#holdings.renew();
    this.#soon();
  }

  #listen(text: string): void {
    const news = parsed(text);
    for (const hear of this.#hearers) hear(news);
  }

  /** Something about a stream is known: what is older than that is left aside. */
  #learn(record: StreamRecord): void {
    const { path, token, node } = record;
    const held = this.#holdings.get(path);
    if (node === this.nodeId) return void (held || this.#known.delete(path));
    if (held && held.token > token) return;
    const known = this.#known.get(path);
    if (known && (known.token > token || (known.token === token && known.node === node))) return;
    this.#holdings.drop(path);
    if (held) this.#options.leases.release(path);
    this.#remember(record);
    for (const listener of this.#listeners) listener(record);
  }

  #remember(record: StreamRecord): void {
    this.#known.delete(record.path);
    this.#known.set(record.path, record);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
  }

  #soon(): void {
    if (!this.#isStopped && !this.#isBeating) this.#later(NEWS_AFTER);
  }

  #later(delay: number): void {
    this.#cancel();
    if (!this.#isStopped) this.#cancel = this.#options.clock.after(delay, () => void this.#beat());
  }

  async #beat(): Promise<void> {
    this.#isBeating = true;
    const holdings = this.#holdings.next();
    const answer = await this.#options.directory.beat(this.#record(), holdings).catch(() => undefined);
    this.#isBeating = false;
    if (!answer) return this.#later(RETRY_AFTER);
    if (answer.isNew) this.#holdings.renew();
    this.#holdings.told(holdings);
    for (const record of answer.lost) this.#learn(record);
    this.#later(this.#holdings.hasNews ? NEWS_AFTER : BEAT_EVERY);
  }

  #record(): NodeRecord {
    const { role, version } = this.#options;
    const own = { id: this.nodeId, role, version, since: this.#since, load: this.#load, front: this.#front };
    return { ...own, ...this.#self() };
  }
}

function busy(path: StreamPath): RefusedError {
  return new RefusedError('busy', `${describePath(path)} is being published to another node`);
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
