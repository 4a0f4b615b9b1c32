import type { Clock } from '../../base/clock.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { NodeRecord, StreamRecord } from '../../net/cluster.ts';
import { MemoryPlaces, type Reservation, type Reserved, type Room } from '../../net/places.ts';
import {
  type BeatAnswer,
  type Claim,
  type ClaimAnswer,
  type Directory,
  type DirectoryEvent,
  type Holding,
  marked,
  NODE_LIFE,
  RECORD_LIFE,
} from './directory.ts';

/** What a {@link MemoryDirectory} knows. `until` is when it is forgotten, by the directory's wall clock. */
export interface DirectoryState {
  readonly nodes: Map<string, { readonly node: NodeRecord; readonly until: number }>;
  readonly streams: Map<StreamPath, { readonly record: StreamRecord; readonly until: number }>;
}

/** The directory of nodes that share a process; what its steps do is what those of all directories do. */
export class MemoryDirectory implements Directory {
  readonly #clock: Clock;
  readonly #state: DirectoryState;
  readonly #listeners = new Set<(event: DirectoryEvent) => void>();
  readonly #places: MemoryPlaces;
  /** Since when each of them is, by the wall clock. */
  readonly #draining = new Map<string, number>();

  constructor(clock: Clock, state: DirectoryState = { nodes: new Map(), streams: new Map() }) {
    this.#clock = clock;
    this.#state = state;
    this.#places = new MemoryPlaces(clock, (id) => this.#isAlive(id));
  }

  async beat(node: NodeRecord, holdings: readonly Holding[]): Promise<BeatAnswer> {
    const isNew = !this.#isAlive(node.id);
    this.#state.nodes.set(node.id, { node, until: this.#clock.wall() + NODE_LIFE });
    if (isNew) this.#tell({ type: 'joined' });
    const lost = holdings.map((holding) => this.#assert(node.id, holding)).filter((record) => record !== undefined);
    return { isNew, lost };
  }

  async claim(path: StreamPath, { node, seen, mark, over }: Claim): Promise<ClaimAnswer> {
    const present = this.#record(path);
    const isFree = !present?.node || present.node === node || present.token === over;
    if (!isFree) return { held: present, isAlive: this.#isAlive(present.node) };
    const token = marked(Math.max(this.#clock.wall(), (present?.token ?? 0) + 1, seen + 1), mark);
    const granted = { path, anchor: present?.anchor, next: present?.next, token, node };
    this.#write(granted);
    return { granted, wasKnown: present !== undefined };
  }

  async find(path: StreamPath): Promise<StreamRecord | undefined> {
    return this.#record(path);
  }

  async nodes(): Promise<NodeRecord[]> {
    const alive = [...this.#state.nodes.values()].filter(({ node }) => this.#isAlive(node.id));
    return alive.map(({ node }) => {
      const draining = this.#draining.get(node.id);
      return draining === undefined ? node : { ...node, draining };
    });
  }

  async streams(): Promise<StreamRecord[]> {
    const records = [...this.#state.streams.keys()].map((path) => this.#record(path));
    return records.filter((record) => record !== undefined && record.node !== '') as StreamRecord[];
  }

  async leave(id: string): Promise<void> {
    this.#state.nodes.delete(id);
  }

  offer(node: string, room: Room, arrived: readonly string[]): Promise<void> {
    return this.#places.offer(node, room, arrived);
  }

  reserve(wanted: readonly Reservation[]): Promise<Reserved> {
    return this.#places.reserve(wanted);
  }

  async drain(id: string, isDraining: boolean): Promise<void> {
    if (!isDraining) this.#draining.delete(id);
    else if (!this.#draining.has(id)) this.#draining.set(id, this.#clock.wall());
    this.#tell({ type: 'joined' });
  }

  async tell(news: string): Promise<void> {
    this.#tell({ type: 'told', news });
  }

  watch(listener: (event: DirectoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}

  /** Takes an owner's word; whose the stream is when it is not that one's. */
  #assert(node: string, { hasEnded, ...holding }: Holding): StreamRecord | undefined {
    const present = this.#record(holding.path);
    const isOurs = present?.node === node;
    if (present && present.token >= holding.token && !isOurs) return hasEnded ? undefined : present;
    if (present && present.token > holding.token) return undefined;
    const { path, token, anchor, next } = holding;
    const record = hasEnded
      ? { path, token, node: '', anchor: undefined, next: undefined }
      : { path, token, node, anchor, next };
    this.#write(record, !isOurs || hasEnded === true);
    return undefined;
  }

  #isAlive(id: string): boolean {
    return (this.#state.nodes.get(id)?.until ?? 0) > this.#clock.wall();
  }

  #record(path: StreamPath): StreamRecord | undefined {
    const present = this.#state.streams.get(path);
    if (!present || present.until > this.#clock.wall()) return present?.record;
    this.#state.streams.delete(path);
    return undefined;
  }

  #write(record: StreamRecord, isNews = true): void {
    this.#state.streams.set(record.path, { record, until: this.#clock.wall() + RECORD_LIFE });
    if (isNews) this.#tell({ type: 'moved', record });
  }

  #tell(event: DirectoryEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
