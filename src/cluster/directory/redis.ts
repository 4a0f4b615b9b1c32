import { z } from 'zod';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { NodeRecord, StreamRecord } from '../../net/cluster.ts';
import { PLACE_LIFE, type Reservation, type Reserved, type Room, type RoomNow } from '../../net/places.ts';
import type { Logger } from '../../ops/log.ts';
import {
  type BeatAnswer,
  type Claim,
  type ClaimAnswer,
  type Directory,
  type DirectoryEvent,
  type Holding,
  MARKS,
  NODE_LIFE,
  RECORD_LIFE,
} from './directory.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';

const RECORD_SECONDS = RECORD_LIFE / SECOND;
const NODE_MILLISECONDS = NODE_LIFE / MILLISECOND;
/** Of a lost stream, in the answer to a heartbeat. */
const FIELDS_OF_LOST = 6;
const FIELDS = ['token', 'node', 'anchor', 'segment', 'discontinuity'] as const;
/** Names of keys that are patterns to Redis. */
const SPECIAL = /[*?[\]\\]/g;

const PLACE_MILLISECONDS = PLACE_LIFE / MILLISECOND;
/** Of a node, in the answer to reservations. */
const FIELDS_OF_ROOM = 3;

const count = z.number().nonnegative();
const front = z.object({
  name: z.string(),
  region: z.string(),
  protocols: z.record(z.string(), count),
  relayed: count,
  url: z.string().optional(),
  ports: z.object({ http: count.optional(), https: count.optional(), rtmp: count.optional() }),
  takes: z.enum(['all', 'viewers', 'publishers', 'none']),
  carries: z.enum(['cluster', 'anywhere']).optional(),
  publishers: count,
  emptied: count.optional(),
  moves: z.array(z.object({ id: z.string(), meant: count, told: count, viewers: count, stay: count })).optional(),
  delay: count,
  owned: z.array(z.string()),
  fetched: z.array(z.string()),
});
const nodeRecord = z.object({
  id: z.string(),
  role: z.enum(['origin', 'edge']),
  url: z.string().optional(),
  version: z.string(),
  since: count,
  load: z.object({ cpu: count, cores: count.default(1), streams: count, viewers: count, bitrate: count }),
  address: z.string().optional(),
  front: front.optional(),
});

type Text = string | null | undefined;

/** The directory in Redis: see docs/internals/directory.md. */
export class RedisDirectory implements Directory {
  readonly #redis: RedisConnection;
  readonly #name: string;
  readonly #listeners: Set<(event: DirectoryEvent) => void>;

  /** Connects; `name` is that of the cluster. Resolves also when Redis cannot be reached yet. Rejects when the URL is wrong. */
  static async open(url: string, name: string, log: Logger): Promise<RedisDirectory> {
    const listeners = new Set<(event: DirectoryEvent) => void>();
    const tell = (event: DirectoryEvent) => {
      for (const listener of listeners) listener(event);
    };
    const message = (text: string) => {
      if (text.startsWith('{')) return tell({ type: 'told', news: text });
      const [path, token, node] = text.split(' ');
      if (node === undefined) tell({ type: 'joined' });
      else tell({ type: 'moved', record: { path: path!, token: Number(token), node } });
    };
    const redis = await connectRedis(url, `${name}:changes`, { message, missed: () => tell({ type: 'missed' }) }, log);
    return new RedisDirectory(redis, name, listeners);
  }

  private constructor(redis: RedisConnection, name: string, listeners: Set<(event: DirectoryEvent) => void>) {
    this.#redis = redis;
    this.#name = name;
    this.#listeners = listeners;
  }

  /** The address by which this machine reaches Redis, once it did. */
  get localAddress(): string | undefined {
    return this.#redis.localAddress;
  }

  async beat(node: NodeRecord, holdings: readonly Holding[]): Promise<BeatAnswer> {
    const common = [this.#key('stream:'), this.#key('changes'), RECORD_SECONDS];
    const whole = [...common, node.id, NODE_MILLISECONDS, JSON.stringify(node), ...holdings.flatMap(writeHolding)];
    const keys = ['nodes', 'beats', 'draining', 'rooms'].map((name) => this.#key(name));
    const [isNew, ...lost] = await this.#redis.run('headwaterBeat', ...keys, ...whole);
    const count = lost.length / FIELDS_OF_LOST;
    return {
      isNew: isNew === '1',
      lost: Array.from({ length: count }, (_, i) => {
        const [path, ...rest] = lost.slice(i * FIELDS_OF_LOST, (i + 1) * FIELDS_OF_LOST);
        return readRecord(path!, rest);
      }),
    };
  }

  async claim(path: StreamPath, { node, seen, mark, over }: Claim): Promise<ClaimAnswer> {
    const keys = [this.#key(`stream:${path}`), this.#key('beats')];
    const args = [this.#key('changes'), RECORD_SECONDS, path, node, seen, mark, MARKS, over ?? ''];
    const [verdict, ...rest] = await this.#redis.run('headwaterClaim', ...keys, ...args);
    const [record, flag] = [readRecord(path, rest), rest[FIELDS.length] === '1'];
    return verdict === 'granted' ? { granted: record, wasKnown: flag } : { held: record, isAlive: flag };
  }

  async find(path: StreamPath): Promise<StreamRecord | undefined> {
    const fields = await this.#redis.fields(this.#key(`stream:${path}`), ...FIELDS);
    return fields[0] ? readRecord(path, fields) : undefined;
  }

  async nodes(): Promise<NodeRecord[]> {
    const keys = ['nodes', 'beats', 'draining'].map((name) => this.#key(name));
    const told = await this.#redis.run('headwaterNodes', ...keys);
    return pairs(told)
      .map(([text, draining]) => readNode(text, draining))
      .filter((node) => node !== undefined);
  }

  async streams(): Promise<StreamRecord[]> {
    const prefix = this.#key('stream:');
    const records = new Map<StreamPath, StreamRecord>();
    let cursor = '0';
    do {
      const [next, keys] = await this.#redis.scan(cursor, `${prefix.replaceAll(SPECIAL, '\\$&')}*`);
      const found = await Promise.all(keys.map((key) => this.find(key.slice(prefix.length))));
      for (const record of found) if (record && record.node !== '') records.set(record.path, record);
      cursor = next;
    } while (cursor !== '0');
    return [...records.values()];
  }

  async leave(id: string): Promise<void> {
    await this.#redis.remove(this.#key('beats'), id);
  }

  async offer(node: string, { share, cost, places }: Room, arrived: readonly string[]): Promise<void> {
    const room = `${share} ${cost} ${places}`;
    const keys = [this.#key('rooms'), this.#key(`places:${node}`)];
    await this.#redis.run('headwaterOffer', ...keys, this.#key('ticket:'), node, room, ...arrived);
  }

  async reserve(wanted: readonly Reservation[]): Promise<Reserved> {
    const prefixes = [this.#key('places:'), this.#key('ticket:')];
    const flat = wanted.flatMap(({ ticket, node }) => [ticket, node]);
    const keys = [this.#key('rooms'), this.#key('beats')];
    const answer = await this.#redis.run('headwaterReserve', ...keys, ...prefixes, PLACE_MILLISECONDS, ...flat);
    const rooms = new Map<string, RoomNow>();
    for (let i = wanted.length; i < answer.length; i += FIELDS_OF_ROOM)
      rooms.set(answer[i]!, readRoom(answer[i + 1]!, answer[i + 2]!));
    return { granted: wanted.map((_, i) => answer[i] === '1'), rooms };
  }

  async drain(id: string, isDraining: boolean): Promise<void> {
    await this.#redis.run('headwaterDrain', this.#key('draining'), this.#key('changes'), id, isDraining ? '1' : '0');
  }

  async tell(news: string): Promise<void> {
    await this.#redis.publish(this.#key('changes'), news);
  }

  watch(listener: (event: DirectoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#redis.close();
  }

  #key(name: string): string {
    return `${this.#name}:${name}`;
  }
}

/** Undefined for what no node of ours has written. */
function readNode(text: string, draining: string): NodeRecord | undefined {
  try {
    const node = nodeRecord.parse(JSON.parse(text));
    return draining === '' ? node : { ...node, draining: Number(draining) };
  } catch {
    return undefined;
  }
}

function pairs(texts: readonly Text[]): (readonly [string, string])[] {
  return Array.from({ length: texts.length / 2 }, (_, i) => [texts[2 * i] ?? '', texts[2 * i + 1] ?? '']);
}

function readRoom(text: string, reserved: string): RoomNow {
  const [share, cost, places] = text.split(' ').map(Number);
  return { share: share!, cost: cost!, places: places!, reserved: Number(reserved) };
}

function writeHolding({ path, token, anchor, next, hasEnded }: Holding): (string | number)[] {
  return [path, token, anchor ?? '', next?.segment ?? '', next?.discontinuity ?? '', hasEnded ? '1' : ''];
}

function readRecord(path: StreamPath, [token, node, anchor, segment, discontinuity]: readonly Text[]): StreamRecord {
  return {
    path,
    token: Number(token),
    node: node ?? '',
    anchor: anchor ? Number(anchor) : undefined,
    next: segment ? { segment: Number(segment), discontinuity: Number(discontinuity) } : undefined,
  };
}
