import type { RedisOptions } from 'ioredis';

const SCHEMES = new Set(['redis:', 'rediss:', 'redis+sentinel:', 'rediss+sentinel:']);
const [REDIS_PORT, SENTINEL_PORT] = [6379, 26_379];
/** What stands before several hosts, which `URL` does not read. */
const SENTINELS = /^(rediss?)\+sentinel:\/\/(?:([^/@]*)@)?([^/?#@]+)\/([\w.-]+)(?:\/(\d{1,3}))?\/?$/;

/** Whether this is the URL of a directory in Redis. */
export function isRedisUrl(text: string): boolean {
  try {
    redisOptions(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * How to connect to `redis://[user:password@]host[:port][/database]`, the same encrypted by `rediss://`, or what sentinels watch:
 * `redis+sentinel://[user:password@]host[:port],host[:port]/NAME[/database]`. Throws when it is none of these.
 */
export function redisOptions(text: string): RedisOptions {
  const sentinels = SENTINELS.exec(text);
  return sentinels ? sentinelOptions(sentinels) : hostOptions(new URL(text));
}

function hostOptions({ protocol, hostname, port, username, password, pathname, search, hash }: URL): RedisOptions {
  const database = /^\/?(\d{0,3})$/.exec(pathname);
  const isRight =
    SCHEMES.has(protocol) && !protocol.includes('+') && hostname !== '' && database && search + hash === '';
  if (!isRight) throw new Error('not the URL of a Redis');
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || REDIS_PORT),
    db: Number(database[1]),
    ...credentials(username, password),
    ...(protocol === 'rediss:' && { tls: { servername: hostname } }),
  };
}

function sentinelOptions([, scheme, user = '', hosts, name, database]: RegExpExecArray): RedisOptions {
  const [username = '', password = ''] = user.split(':');
  const isEncrypted = scheme === 'rediss';
  return {
    sentinels: hosts!.split(',').map((host) => {
      const { hostname, port } = new URL(`redis://${host}`);
      return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || SENTINEL_PORT) };
    }),
    name: name!,
    db: Number(database ?? 0),
    ...credentials(username, password),
    ...(isEncrypted && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  };
}

function credentials(username: string, password: string): RedisOptions {
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  };
}
