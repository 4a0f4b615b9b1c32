import { parseArgs } from 'node:util';
import { PROTOCOLS, type Protocol } from '../load.ts';
import { type Cores, choices, DEFAULT_CORES, positive } from '../settings.ts';

/** What can be measured of clusters. */
const ROWS = [
  'killed',
  'hung',
  'second',
  'takeover',
  'backup',
  'redis',
  'directory',
  'workers',
  'relay',
  'simulated',
] as const;
/** A part of the report. */
export type ClusterRow = (typeof ROWS)[number];

/** What the command line asks for. */
export interface ClusterSettings extends Cores {
  readonly rows: readonly ClusterRow[];
  readonly seconds: number;
  readonly runs: number;
  /** How long Redis is down, in seconds. */
  readonly outage: number;
  /** Simulated nodes in a real directory, and the streams of all of them together. */
  readonly nodes: number;
  readonly streams: number;
  /** Streams that are carried over a hop. */
  readonly relayed: number;
  readonly protocols: readonly Protocol[];
  readonly viewers: readonly number[];
  /** How many processes a node is made of. */
  readonly workers: readonly number[];
  /** Milliseconds: what our bursts are fixed at where CPU time is compared. */
  readonly burst: number;
  readonly worlds: number;
  readonly seed: number;
  readonly json: boolean;
}

/** What can be said, for people. */
export const CLUSTER_USAGE = `npm run bench -- cluster [options]
  --rows killed,relay     one or more of ${ROWS.join(',')}
  --seconds 10            how long each measurement lasts
  --runs 3                how often each is repeated; medians are shown
  --outage 60             seconds without Redis (redis)
  --nodes 100             simulated nodes in a real Redis (directory)
  --streams 10000         of all of them together (directory)
  --relayed 20            streams that are carried over two hops (relay)
  --viewers 8000          of one stream (workers)
  --protocol http-flv     one or more of ${PROTOCOLS.join(',')} (workers)
  --workers 1,2           how many processes the server is made of (workers)
  --burst 100             the length, in ms, that bursts are fixed at (workers)
  --worlds 1000           worlds in which everything breaks (simulated)
  --seed 1                the first of their seeds
  --server-cores, --load-cores, --json: as above`;

/** Reads the command line; throws with a sentence when it makes no sense. */
export function readClusterSettings(args: string[]): ClusterSettings {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = {
    rows: text(ROWS.join()),
    seconds: text('10'),
    runs: text('3'),
    outage: text('60'),
    nodes: text('100'),
    streams: text('10000'),
    relayed: text('20'),
    viewers: text('8000'),
    protocol: text(PROTOCOLS.join()),
    workers: text('1,2'),
    burst: text('100'),
    worlds: text('1000'),
    seed: text('1'),
    'server-cores': text(DEFAULT_CORES.serverCores),
    'load-cores': text(DEFAULT_CORES.loadCores),
    json: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args, options });
  const number = (name: Numeric) => positive(`--${name}`, values[name]);
  const numbers = (name: 'viewers' | 'workers') => values[name].split(',').map((each) => positive(`--${name}`, each));
  return {
    rows: choices('--rows', values.rows, ROWS),
    protocols: choices('--protocol', values.protocol, PROTOCOLS),
    ...{ viewers: numbers('viewers'), workers: numbers('workers') },
    ...{ seconds: number('seconds'), runs: number('runs'), outage: number('outage') },
    ...{ nodes: number('nodes'), streams: number('streams'), relayed: number('relayed') },
    ...{ burst: number('burst'), worlds: number('worlds'), seed: number('seed') },
    ...{ serverCores: values['server-cores'], loadCores: values['load-cores'], json: values.json },
  };
}

type Numeric = 'seconds' | 'runs' | 'outage' | 'nodes' | 'streams' | 'relayed' | 'burst' | 'worlds' | 'seed';
