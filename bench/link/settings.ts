import { parseArgs } from 'node:util';
import { type Cores, DEFAULT_CORES } from '../settings.ts';

/** The transports that run beside our link. */
const PEERS = ['srt', 'rtmp', 'legacy'] as const;

/** What the command line asks for. Losses are per cent, times milliseconds. */
export interface LinkSettings extends Cores {
  readonly loss: number;
  readonly burst: number;
  readonly rtt: number;
  readonly jitter: number;
  /** Of each stream, in Mbit/s. */
  readonly rate: number;
  readonly latency: number;
  readonly streams: number;
  readonly seconds: number;
  /** How long nothing passes, in the middle of it all; 0 for no outage. */
  readonly outage: number;
  /** Of the bottleneck, in Mbit/s; 0 for none. */
  readonly limit: number;
  /** What waits before it at most. */
  readonly queue: number;
  /** Another flow that uses the way down. */
  readonly beside: 'tcp' | undefined;
  /** What is sent again is kept from the path. */
  readonly withoutRepairs: boolean;
  /** Only media is lost, not what is sent to repair it. */
  readonly spareRepairs: boolean;
  readonly seed: number;
  readonly peers: readonly (typeof PEERS)[number][];
  /** How often either node is ended and started again, in place of measuring one stream. */
  readonly restarts: number;
  /** Edges on a good path, in place of the impaired one. */
  readonly edges: number;
  /** Whether it is told where the CPU time of that origin goes. */
  readonly profile: boolean;
  /** Whether to measure, one after another, all that the link is to reach; and the longest of it for as long as it is spoken of. */
  readonly all: boolean;
  readonly long: boolean;
  /** Whether to simulate in place of measuring. */
  readonly simulate: boolean;
  readonly json: boolean;
}

/** What can be said, for people. */
export const LINK_USAGE = `npm run bench -- link [options]
  --loss 10               per cent of the packets that are lost, both ways
  --burst 1               how many are lost in a row, on average
  --rtt 100               ms, there and back
  --jitter 10             up to so many ms more, each way
  --rate 4                Mbit/s of each stream
  --limit 0               Mbit/s of the path's bottleneck; 0 for none. Our link crosses it twice: with and without its repairs
  --queue 100             ms that packets wait before the bottleneck at most; what does not fit is lost
  --beside tcp            sends as much as it can from origin to edge by TCP as well
  --latency 500           ms from origin to edge
  --streams 1             how many streams cross (SRT takes one)
  --spare-repairs         media alone is lost, not what is said to repair it
  --seconds 60            how long each transport is measured
  --outage 0              ms during which nothing passes, in the middle
  --seed 1                decides what is lost
  --peers srt,rtmp,legacy beside our link; 'none' runs it alone
  --restarts 100          instead: either node ends and comes again, in an order that the seed decides
  --edges 50              instead: the CPU time of one origin to so many edges, on a good path
  --profile               with --edges: where that time goes, by folders of the sources
  --all                   instead: all that the link is to reach, 30 s each, with the simulator, 50 edges and 100 restarts
  --long                  with it: ten minutes of 5 % loss
  --simulate              instead: the simulator, for what a real run cannot see
  --server-cores, --load-cores, --json: as above`;

/** Reads the command line; throws with a sentence when it makes no sense. */
export function readLinkSettings(args: string[]): LinkSettings {
  const number = (value: string) => ({ type: 'string', default: value }) as const;
  const options = {
    loss: number('10'),
    burst: number('1'),
    rtt: number('100'),
    jitter: number('10'),
    rate: number('4'),
    limit: number('0'),
    queue: number('100'),
    beside: { type: 'string' },
    latency: number('500'),
    streams: number('1'),
    seconds: { type: 'string' },
    outage: number('0'),
    seed: number('1'),
    edges: number('0'),
    restarts: number('0'),
    peers: { type: 'string', default: PEERS.join() },
    'spare-repairs': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    simulate: { type: 'boolean', default: false },
    'server-cores': { type: 'string', default: DEFAULT_CORES.serverCores },
    'load-cores': { type: 'string', default: DEFAULT_CORES.loadCores },
    json: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args, options });
  const {
    all,
    long,
    simulate,
    json,
    profile,
    'spare-repairs': spareRepairs,
    'server-cores': serverCores,
    'load-cores': loadCores,
  } = values;
  const within = (name: Numeric, least: number, most: number) =>
    numberOf(name, values[name] ?? (all ? '30' : '60'), least, most);
  return {
    loss: within('loss', 0, 90),
    burst: within('burst', 1, 100),
    rtt: within('rtt', 0, 5000),
    jitter: within('jitter', 0, 1000),
    rate: within('rate', 0.5, 50),
    limit: within('limit', 0, 1000),
    queue: within('queue', 1, 10_000),
    beside: values.beside === undefined ? undefined : beside(values.beside),
    withoutRepairs: false,
    spareRepairs,
    latency: within('latency', 0, 10_000),
    streams: within('streams', 1, 50),
    seconds: within('seconds', 1, 86_400),
    outage: within('outage', 0, 60_000),
    seed: within('seed', 0, 2 ** 31),
    edges: within('edges', 0, 200),
    restarts: within('restarts', 0, 10_000),
    peers: values.peers === 'none' ? [] : values.peers.split(',').map(peer),
    ...{ all, long, simulate, json, profile, serverCores, loadCores },
  };
}

type Numeric =
  | 'loss'
  | 'burst'
  | 'rtt'
  | 'jitter'
  | 'rate'
  | 'limit'
  | 'queue'
  | 'latency'
  | 'streams'
  | 'seconds'
  | 'outage'
  | 'seed'
  | 'edges'
  | 'restarts';

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && value >= least && value <= most) return value;
  throw new Error(`--${name} wants a number from ${least} to ${most}, not '${text}'`);
}

function beside(name: string): 'tcp' {
  if (name !== 'tcp') throw new Error(`--beside knows tcp, not '${name}'`);
  return name;
}

function peer(name: string): (typeof PEERS)[number] {
  const known = PEERS.find((each) => each === name);
  if (!known) throw new Error(`--peers knows ${PEERS.join(', ')}, not '${name}'`);
  return known;
}
