import { z } from 'zod';
import { addressRule } from './address-rule.ts';
import { pushOptions } from './push.ts';
import {
  duration,
  flag,
  integer,
  list,
  listen,
  oneOf,
  option,
  secret,
  section,
  size,
  text,
  type Value,
  value,
  WRONG,
  writeDuration,
  written,
} from './values.ts';

/** How much is logged, in what form, and where to. */
export const logOptions = section('What is logged, and where to.', {
  level: option(
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
    'info',
    'The least grave lines that are written: debug, info, warn, error or silent.',
  ),
  format: option(
    oneOf('auto', 'pretty', 'json'),
    'auto',
    'pretty for people, json for programs; auto is pretty on a terminal and json elsewhere.',
  ),
  file: option(text(), '', 'A file to log to (always json), such as logs/headwater.log; empty for standard output.'),
  rotate: section('When a log file is closed and a new one begun.', {
    size: option(size('1KiB'), '64MiB', 'The size at which a new file is begun.'),
    age: option(
      oneOf('daily', 'hourly', 'off'),
      'daily',
      'How often a new file is begun, whatever its size: daily, hourly or off.',
    ),
    keep: option(integer(1, 10_000), 14, 'How many closed files are kept.'),
  }),
});

/** {@link logOptions} as the program reads them. */
export type LogOptions = z.output<typeof logOptions>;

const certificate = z.strictObject({
  cert: text().describe('A PEM file with the certificate and the chain above it.'),
  key: text().describe('A PEM file with its private key.'),
});

/** The certificates that RTMPS and HTTPS share. */
const tlsOptions = section('The certificates of RTMPS and HTTPS.', {
  certificates: option(
    list(certificate),
    [],
    'PEM files as [{cert: FILE, key: FILE}, …], chosen by the name a client asks for, else the first; read again when they change.',
  ),
});

/** Who may publish, play and administer. */
export const accessOptions = section('Who may publish, play and administer: see docs/access.md.', {
  publishers: option(
    oneOf('key', 'callbacks'),
    'key',
    'Who decides who may publish: key: the publish key, and then on_publish of callbacks where that is set; callbacks: on_publish alone.',
  ),
  publishKey: option(
    secret(),
    '',
    'The key that publishers append to the stream name: movie?key=…; empty makes one for each run.',
  ),
  adminToken: option(secret(), '', 'The token of API and console; empty makes one for each run.'),
  loopback: option(
    oneOf('trusted', 'like-others'),
    'trusted',
    'Whether this machine itself needs no key, and no token where HTTP listens on loopback alone: trusted or like-others.',
  ),
  addresses: option(
    list(addressRule()),
    [],
    'From where one may publish and play, such as [allow publish 10.0.0.0/8, allow play all, deny play 192.0.2.7]; empty: from everywhere.',
  ),
});

/** How much of each stream is kept in memory. */
const windowOptions = section('How much of each stream is kept in memory, to begin with for those who come.', {
  duration: option(
    duration('0s', '10m'),
    '2s',
    'How long frames are kept; those since the newest key frame always are.',
  ),
  bytes: option(size('64KiB', '4GiB'), '32MiB', 'The size that one stream never exceeds.'),
});

/** What becomes of streams when publishers come, go and fall silent. */
const publishOptions = section('What becomes of streams when publishers come, go and fall silent.', {
  grace: option(duration(), '60s', 'How long viewers are kept when a publisher is lost.'),
  stopGrace: option(duration(), '5s', 'How long viewers are kept when a publisher says that it ends.'),
  takeover: option(
    oneOf('stale', 'always', 'never', 'backup'),
    'stale',
    'Whether a second publisher takes over a stream: when the first is stale, always or never; backup: it stands by for the first.',
  ),
  staleAfter: option(duration(), '2s', 'How long a publisher must be silent to count as stale.'),
  firstFrameTimeout: option(duration('1s'), '20s', 'How long a publisher may take to send its first frame.'),
  idleTimeout: option(duration('1s'), '20s', 'How long a publisher may be silent before it is closed.'),
});

/** How patient the server is with viewers. */
const playOptions = section('How patient the server is with viewers.', {
  wait: option(duration(), '0s', 'How long a viewer may wait for a stream that nobody publishes yet.'),
  shift: option(
    duration(),
    '12h',
    'How far back viewers may go in a running stream, as far as it is recorded; 0 for not at all.',
  ),
  maxLag: option(
    duration('1s', '10m'),
    '10s',
    'How far a viewer may fall behind before it goes on at the next key frame.',
  ),
  maxUnsent: option(
    size(),
    '512KiB',
    'How much may wait in the kernel for one viewer, where the package koffi is there; 0 leaves it to the kernel.',
  ),
  stallTimeout: option(duration('1s'), '20s', 'How long a viewer may take nothing before it is closed.'),
});

/** How frames are gathered before they are written to viewers. */
const fanoutOptions = section('How long bytes are gathered before they are written to viewers, by load.', {
  burstMin: option(duration('0s', '10s'), '0ms', 'The shortest time: with few viewers.'),
  burstMax: option(duration('0s', '10s'), '350ms', 'The longest time: with thousands.'),
});

/** What one peer, or all together, may take. */
const limitOptions = section('What one peer, or all together, may take.', {
  connections: option(integer(1, 1_000_000), 20_000, 'Connections in all.'),
  connectionsPerAddress: option(integer(1, 1_000_000), 20_000, 'Connections from one address.'),
  handshake: option(duration('100ms', '10m'), '5s', 'How long a peer may take for its handshake.'),
  memory: option(
    size(),
    '0B',
    'Resident memory above which nobody new is let in and, if it stays there, the newest viewers go; 0: 4/5 of machine or container.',
  ),
  command: option(duration('100ms', '10m'), '10s', 'How long a peer may take to say what it wants.'),
  httpHead: option(duration('100ms', '10m'), '10s', 'How long an HTTP client may take for the head of its request.'),
  httpRequest: option(duration('100ms', '10m'), '30s', 'How long an HTTP client may take for its whole request.'),
  httpIdle: option(duration('100ms', '10m'), '15s', 'How long an HTTP connection may be idle between requests.'),
});

/** A node that streams are fetched from. */
export interface OriginAddress {
  readonly host: string;
  readonly port: number;
  /** What lets this node in the first time. */
  readonly joinToken?: string;
  /** The UDP port of its media, where it is not the one that it tells. */
  readonly mediaPort?: number;
}

const ORIGIN = /^headwater:\/\/(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?(?:\?([\w.=&-]+))?$/;
const RELAY_PORT = 4242;
const PORT = /^[1-9]\d{0,4}$/;
const TOKEN = /^[\w.-]+$/;

/** A server of another kind that streams are fetched from: a URL in which `[vhost]`, `[app]` and `[stream]` stand for those of a stream. */
export interface UpstreamAddress {
  readonly url: string;
}

const UPSTREAM = /^(rtmps?|https?):\/\/((?:\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::[1-9]\d{0,4})?)(\/[^?#\s]*)?(\?[^#\s]*)?$/;

/** Whether streams are fetched from an origin by the protocols that players speak. */
export function isUpstream(origin: OriginAddress | UpstreamAddress): origin is UpstreamAddress {
  return 'url' in origin;
}

/** An origin by its URL, of which no message may show the token. */
function origin(): Value<OriginAddress | UpstreamAddress, string> {
  const allowed = 'headwater://HOST, headwater://HOST:PORT or either with ?join=TOKEN, rtmp://HOST or http://HOST';
  return value<OriginAddress | UpstreamAddress, string>(
    allowed,
    (raw) => (typeof raw === 'string' && (readOrigin(raw) ?? readUpstream(raw))) || WRONG,
  ).meta({ secret: true });
}

/** What a URL leaves out is that of the stream: its name behind a slash, or app and name. */
function readUpstream(url: string): UpstreamAddress | undefined {
  const [, scheme, host, path = '', query = ''] = UPSTREAM.exec(url) ?? [];
  if (!scheme || !URL.canParse(`http://${host}`)) return undefined;
  const name = scheme.startsWith('http') ? '[stream].flv' : '[stream]';
  const bare = path.replace(/\/+$/, '');
  const whole = path.includes('[stream]') ? path : bare === '' ? `/[app]/${name}` : `${bare}/${name}`;
  return { url: `${scheme}://${host}${whole}${query}` };
}

/** The address that a URL of the relay names; undefined when it is none. */
export function readOrigin(url: string): OriginAddress | undefined {
  const match = ORIGIN.exec(url);
  const port = Number(match?.[3] ?? RELAY_PORT);
  const extras = match && port >= 1 && port <= 65_535 ? originExtras(match[4] ?? '') : undefined;
  return match && extras ? { host: match[1] ?? match[2]!, port, ...extras } : undefined;
}

/** What stands behind the `?` of an origin's URL; undefined when something else does. */
function originExtras(query: string): Omit<OriginAddress, 'host' | 'port'> | undefined {
  const { join, media, ...others } = Object.fromEntries(new URLSearchParams(query)) as Record<string, string>;
  const isRight = (join === undefined || TOKEN.test(join)) && (media === undefined || PORT.test(media));
  if (!isRight || Number(media) > 65_535 || Object.keys(others).length > 0) return undefined;
  return { ...(join !== undefined && { joinToken: join }), ...(media !== undefined && { mediaPort: Number(media) }) };
}

/** `auto`, or a time: undefined stands for auto. */
function latency(): Value<number | undefined, string | 0> {
  const time = duration('0s', '30s');
  const allowed = 'auto or a time with its unit, such as 300ms, from 0s to 30s';
  const type = value<number | undefined, string | 0>(allowed, (raw) => {
    if (raw === 'auto') return undefined;
    const parsed = time.safeParse(raw);
    return parsed.success ? parsed.data : WRONG;
  });
  return written(type, writeDuration);
}

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,126}[a-z0-9_])?$/;

/** A host name, in lower case. */
function hostName(): Value<string> {
  return value('a host name such as live.example.com', (raw) => {
    const name = typeof raw === 'string' ? raw.toLowerCase() : '';
    return HOST_NAME.test(name) && !name.includes('..') ? name : WRONG;
  });
}

/** Names of this server that keep streams apart. */
const vhostsOption = option(
  list(hostName()),
  [],
  'Host names of this server that are virtual hosts: streams of the same name are kept apart by the host in their URLs.',
);

/** `auto`, `off`, or per cent of the media: a share of it, up to all. */
function fec(): Value<'auto' | 'off' | number, string | number> {
  const [words, percent] = [oneOf('auto', 'off'), integer(1, 100)];
  const allowed = 'auto, off or a whole number from 1 to 100';
  const type = value<'auto' | 'off' | number, string | number>(allowed, (raw) => {
    const [word, number] = [words.safeParse(raw), percent.safeParse(raw)];
    if (word.success) return word.data;
    return number.success ? number.data / 100 : WRONG;
  });
  return written(type, (share) => String(typeof share === 'number' ? Math.round(100 * share) : share));
}

/** How streams go from node to node. */
export const relayOptions = section('How streams go from node to node: see docs/edge.md.', {
  listen: option(
    listen(),
    'off',
    'Where other nodes fetch streams, over QUIC (UDP) and TLS (TCP) on the same port, such as :4242, or off.',
  ),
  origins: option(
    list(origin()),
    [],
    'Where streams are fetched that nobody publishes here: headwater://host:4242, with ?join=TOKEN for the first time; rtmp://host, http://host.',
  ),
  media: option(
    listen(),
    ':5220',
    'The UDP address from which media goes to edges that come here, at an edge any free one; off: media goes by QUIC or TLS too.',
  ),
  latency: option(
    latency(),
    '500ms',
    'At an edge: how long after it came to the origin each frame leaves here; auto takes what the path needs. See docs/link.md.',
  ),
  fec: option(
    fec(),
    'auto',
    'At an edge: parity beside the media, so that losses need not be asked for; per cent of the media, or auto: what a path takes where the latency leaves no time to ask. See docs/link.md.',
  ),
  mtu: option(integer(576, 1452), 1200, 'The size of media packets at an origin: UDP payload in bytes.'),
  ...pushOptions,
  publish: option(
    oneOf('auto', 'forward', 'own'),
    'auto',
    "Whose streams are those that are published here: forward: an origin's, to which they are passed on; own: this node's; auto: an origin's at an edge, which is a node without relay.listen.",
  ),
  buffer: option(
    duration('1s', '10m'),
    '30s',
    'How much of a stream that is passed on is held for an origin that is away, as far as window.bytes allows.',
  ),
  traverse: option(
    flag(),
    false,
    'Whether the origin decides who may publish and play here, by the parameters that clients come with.',
  ),
  idle: option(duration(), '10s', 'How long a fetched stream is kept after its last viewer has left.'),
  state: option(
    text(),
    './state',
    'The folder of what a node must not forget: its identity, the timelines of its streams.',
  ),
});

/** {@link relayOptions} as the program reads them. */
export type RelayOptions = z.output<typeof relayOptions>;

const COWORKER = /^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):[1-9]\d{0,4}$/;

/** The API of another server, `host:port`. */
function coworker(): Value<string> {
  return value('host:port of the HTTP API of another origin', (raw) =>
    typeof raw === 'string' && COWORKER.test(raw) ? raw : WRONG,
  );
}

/** More would only be in one another's way. */
const MOST_WORKERS = 64;

/** `auto`, or a number: undefined stands for auto. */
function workers(): Value<number | undefined, 'auto' | number> {
  const number = integer(1, MOST_WORKERS);
  return value<number | undefined, 'auto' | number>(`auto or a whole number from 1 to ${MOST_WORKERS}`, (raw) => {
    if (raw === 'auto') return undefined;
    const parsed = number.safeParse(raw);
    return parsed.success ? parsed.data : WRONG;
  });
}

const REDIS = /^rediss?(?:\+sentinel)?:\/\/\S+$/;
const CLUSTER_NAME = /^[\w.-]{1,64}$/;

/** Where the directory is: the URL may hold a password. Undefined for `memory`. */
function directory(): Value<string | undefined, string> {
  const allowed = 'memory, redis://HOST:PORT, rediss://… or redis+sentinel://HOST:PORT,HOST:PORT/NAME';
  return value<string | undefined, string>(allowed, (raw) => {
    if (raw === 'memory') return undefined;
    return typeof raw === 'string' && REDIS.test(raw) ? raw : WRONG;
  }).meta({ secret: true });
}

const ADVERTISED = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/;

/** Where others reach this node: a host, perhaps with a port; undefined stands for auto. */
function advertised(): Value<{ readonly host: string; readonly port?: number } | undefined, string> {
  return value<{ host: string; port?: number } | undefined, string>('auto, HOST or HOST:PORT', (raw) => {
    if (raw === 'auto') return undefined;
    const [, ipv6, name, port] = (typeof raw === 'string' && ADVERTISED.exec(raw)) || [];
    const host = ipv6 ?? name;
    if (host === undefined || (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))) return WRONG;
    return { host, ...(port !== undefined && { port: Number(port) }) };
  });
}

/** How many processes a node is made of, and which nodes are one cluster. */
export const clusterOptions = section(
  'How many processes this node is made of (see docs/operate.md), and which nodes are one cluster (see docs/cluster.md).',
  {
    workers: option(
      workers(),
      1,
      'Processes that share all ports and streams, so that one stream can use as many cores; auto: one for each core.',
    ),
    directory: option(
      directory(),
      'memory',
      'Where it stands which node has which stream: redis://HOST:PORT for nodes that are one cluster; memory: this node is alone.',
    ),
    name: option(
      value('1 to 64 of A-Z a-z 0-9 . _ -', (raw) => (typeof raw === 'string' && CLUSTER_NAME.test(raw) ? raw : WRONG)),
      'headwater',
      'The name of the cluster: several in one Redis have different ones.',
    ),
    address: option(
      advertised(),
      'auto',
      'Where the other nodes reach this one: HOST or HOST:PORT; auto: the address by which this machine reaches the directory.',
    ),
    coworkers: option(
      list(coworker()),
      [],
      'The HTTP APIs of the other origins of a cluster of SRS, such as [10.0.0.7:1985]: who has a stream is asked of them.',
    ),
    redirect: option(
      oneOf('asked', 'always', 'never'),
      'asked',
      'Whether RTMP players are sent to the coworker that has the stream (RTMP 302): asked (movie?redirect=302), always, or never.',
    ),
  },
);

/** The options of the server itself; each module adds its own beside them. */
export const coreOptions = {
  log: logOptions,
  tls: tlsOptions,
  access: accessOptions,
  window: windowOptions,
  publish: publishOptions,
  play: playOptions,
  fanout: fanoutOptions,
  vhosts: vhostsOption,
  relay: relayOptions,
  cluster: clusterOptions,
  limits: limitOptions,
};

const core = z.strictObject(coreOptions);

/** {@link coreOptions} as the program reads them. */
export type CoreConfig = z.output<typeof core>;
