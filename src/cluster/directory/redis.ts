import { z } from 'zod';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { NodeRecord, StreamRecord } from '../../net/cluster.ts';
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

const count = z.number().nonnegative();
const nodeRecord = z.object({
  id: z.string(),
  role: z.enum(['origin', 'edge']),
  url: z.string().optional(),
  version: z.string(),
  since: count,
  load: z.object({ cpu: count, streams: count, viewers: count, bitrate: count }),
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
    const [isNew, ...lost] = await this.#redis.run('headwaterBeat', this.#key('nodes'), this.#key('beats'), ...whole);
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
    const nodes = await this.#redis.run('headwaterNodes', this.#key('nodes'), this.#key('beats'));
    return nodes.map((text) => readNode(text ?? '')).filter((node) => node !== undefined);
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
function readNode(text: string): NodeRecord | undefined {
  try {
    return nodeRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
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
