import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../../ops/log.ts';
import { SCRIPTS } from './redis-scripts.ts';
import { redisOptions } from './redis-url.ts';

/** What the directory needs of Redis. Every promise rejects at once while Redis cannot be reached, and soon where it is silent. */
export interface RedisConnection {
  run(script: keyof typeof SCRIPTS, ...args: (string | number)[]): Promise<(string | null)[]>;
  fields(key: string, ...names: string[]): Promise<(string | null)[]>;
  /** Some keys that fit a pattern, and the cursor for more; the first and the last one are '0'. */
  scan(cursor: string, pattern: string): Promise<[cursor: string, keys: string[]]>;
  remove(sortedSet: string, member: string): Promise<unknown>;
  /** Has all who listen hear it. */
  publish(channel: string, text: string): Promise<unknown>;
  /** The address by which this machine reaches Redis, once it did. */
  readonly localAddress: string | undefined;
  close(): void;
}

/** What is told of a {@link RedisConnection}. */
export interface RedisListener {
  /** What was published. */
  message(text: string): void;
  /** Messages may have been missed. */
  missed(): void;
}

/** How long an answer, and a connection, is waited for; in milliseconds. */
const PATIENCE_MS = 500;
const CONNECT_MS = 1000;
/** Between two attempts to connect. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 500];
/** A connection on which nothing came for so long is dead; something comes so often. */
const SILENCE_MS = 3000;
const PING_MS = 1000;
const PAGE = 500;

/** Connects to Redis, and again whenever the connection is lost. Rejects when the URL is wrong; resolves, connected or not. */
export async function connectRedis(
  url: string,
  channel: string,
  listener: RedisListener,
  log: Logger,
): Promise<RedisConnection> {
  const options = { ...redisOptions(url), ...HABITS };
  const commands = new Redis({ ...options, scripts: { ...SCRIPTS } });
  const messages = new Redis(options);
  const complaints = complain(commands, log);
  const unsubscribe = subscribe(messages, channel, listener, log);
  await Promise.all([settled(commands), settled(messages)]);
  const told = <T>(answer: Promise<T>) => toldTo(complaints, answer);
  return {
    run: (script, ...args) => told((commands as unknown as Scripted)[script](...args)),
    fields: (key, ...names) => told(commands.hmget(key, ...names)),
    scan: (cursor, pattern) => told(commands.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE)),
    remove: (sortedSet, member) => told(commands.zrem(sortedSet, member)),
    publish: (channel, text) => told(commands.publish(channel, text)),
    get localAddress() {
      return (commands.stream as { localAddress?: string } | undefined)?.localAddress;
    },
    close() {
      complaints.end();
      unsubscribe();
      commands.disconnect();
      messages.disconnect();
    },
  };
}

type Scripted = Record<keyof typeof SCRIPTS, (...args: (string | number)[]) => Promise<(string | null)[]>>;

/** Nothing waits for a Redis that is not there, and nothing is sent twice: who asks decides. */
const HABITS = {
  protocol: 2,
  replyMapping: 'legacy',
  connectionName: 'headwater',
  commandTimeout: PATIENCE_MS,
  connectTimeout: CONNECT_MS,
  socketTimeout: SILENCE_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times: number) =>
    Math.min(FIRST_PAUSE_MS * 2 ** Math.min(times, 8), LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2),
  // What was the master before a fail-over takes no writes: the next connection finds the new one.
  reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
} as const satisfies RedisOptions;

/**
 * Hears what is published on a channel, as soon as Redis lets us and whenever the connection is back; the function returned ends the
 * looking after that.
 */
function subscribe(redis: Redis, channel: string, listener: RedisListener, log: Logger): () => void {
  let [isSubscribed, isOver, complaint] = [false, false, ''];
  const ask = async () => {
    try {
      await redis.subscribe(channel);
    } catch (error) {
      const reason = (error as Error).message;
      if (reason !== complaint && !isOver)
        log.warn({ reason }, 'changes of the directory are not heard; it is tried again');
      complaint = reason;
      return;
    }
    [isSubscribed, complaint] = [true, ''];
    listener.missed();
  };
  redis.on('error', () => {});
  redis.on('message', (_, text: string) => listener.message(text));
  redis.on('ready', () => {
    isSubscribed = false;
    void ask();
  });
  const look = () => {
    if (isSubscribed) redis.ping().catch(() => {});
    else if (redis.status === 'ready') void ask();
  };
  const looks = setInterval(look, PING_MS);
  return () => {
    isOver = true;
    clearInterval(looks);
  };
}

/** Hears how it goes. */
interface Complaints {
  worked(): void;
  failed(error: Error): void;
  /** There is nothing more to say. */
  end(): void;
}

async function toldTo<T>(complaints: Complaints, answer: Promise<T>): Promise<T> {
  try {
    const value = await answer;
    complaints.worked();
    return value;
  } catch (error) {
    complaints.failed(error as Error);
    throw error;
  }
}

/** Says once that Redis is lost, or does not do what is asked of it, and once that it is well again. */
function complain(redis: Redis, log: Logger): Complaints {
  let [isDown, isOver] = [false, false];
  const tell = (reason: string) => {
    if (!isDown && !isOver) log.warn({ reason }, 'the directory cannot be reached; going on with what is known');
    isDown = true;
  };
  redis.on('error', (error: Error) => tell(error.message || 'Redis cannot be reached'));
  redis.on('reconnecting', () => tell('the connection to Redis broke'));
  redis.on('ready', () => {
    log.info('connected to the directory');
    isDown = false;
  });
  return {
    worked() {
      if (isDown) log.info('the directory answers again');
      isDown = false;
    },
    failed: ({ message }) => tell(message),
    end() {
      isOver = true;
    },
  };
}

/** Resolves when the first attempt to connect has come to an end. */
function settled(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    redis.once('ready', () => resolve());
    redis.once('reconnecting', () => resolve());
    redis.once('end', () => resolve());
  });
}
