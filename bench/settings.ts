import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { PROTOCOLS, type Protocol } from './load.ts';

/** Where processes run, as taskset takes it. */
export interface Cores {
  readonly serverCores: string;
  readonly loadCores: string;
}

/** On two cores servers have one, and all that they serve the other. */
export const DEFAULT_CORES: Cores = { serverCores: '0', loadCores: availableParallelism() > 1 ? '1' : '0' };

/** What the command line asks for. */
export interface Settings extends Cores {
  readonly bench: string;
  readonly protocols: Protocol[];
  readonly viewers: number[];
  readonly publishers: number;
  /** How often a server is killed. */
  readonly kills: number;
  readonly seconds: number;
  readonly runs: number;
  /** Milliseconds: what our bursts are fixed at where servers are compared at equal bursts. */
  readonly burst: number;
  /** Names of the servers to run beside Headwater. */
  readonly peers: string[];
  readonly json: boolean;
}

/** Beside Headwater. */
const PEERS = ['floor', 'nginx-rtmp', 'node-media-server'];
/** How many viewers each bench has unless told otherwise. */
const VIEWERS: Record<string, string> = {
  fanout: '1000',
  latency: '100',
  join: '1000',
  hls: '1000',
  switch: '20',
  dispatch: '20',
};

export const USAGE = `npm run bench -- fanout|latency|join|publish|hls|record|start|switch|dispatch|console [options]
  --viewers 1000,2000     how many viewers (fanout, latency, join, hls, switch, dispatch)
  --protocol http-flv     one or more of ${PROTOCOLS.join(',')}
  --publishers 1000       how many publishers (publish; record has 20)
  --kills 5               how often a server that records is killed (record)
  --seconds 10            how long each measurement lasts
  --runs 3                how often each is repeated; medians are shown
  --burst 100             the length, in ms, that our bursts are fixed at to be compared (fanout)
  --peers floor           one or more of ${PEERS.join(',')}; 'none' runs Headwater alone
  --server-cores 0        where the server runs, as taskset takes it
  --load-cores 1          where publishers and viewers run
  --json                  one JSON object instead of the table`;

/** Reads the command line; throws with a sentence when it makes no sense. */
export function readSettings(args: string[]): Settings {
  const options = {
    viewers: { type: 'string' },
    protocol: { type: 'string', default: PROTOCOLS.join() },
    publishers: { type: 'string' },
    kills: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
    burst: { type: 'string', default: '100' },
    peers: { type: 'string', default: PEERS.join() },
    'server-cores': { type: 'string', default: DEFAULT_CORES.serverCores },
    'load-cores': { type: 'string', default: DEFAULT_CORES.loadCores },
    json: { type: 'boolean', default: false },
  } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const bench = positionals[0] ?? '';
  return {
    bench,
    protocols: choices('--protocol', values.protocol, PROTOCOLS),
    viewers: (values.viewers ?? VIEWERS[bench] ?? '1').split(',').map((text) => positive('--viewers', text)),
    publishers: positive('--publishers', values.publishers ?? (bench === 'record' ? '20' : '1000')),
    kills: Number(values.kills) === 0 ? 0 : positive('--kills', values.kills),
    seconds: positive('--seconds', values.seconds),
    runs: positive('--runs', values.runs),
    burst: positive('--burst', values.burst),
    peers: values.peers === 'none' ? [] : choices('--peers', values.peers, PEERS),
    serverCores: values['server-cores'],
    loadCores: values['load-cores'],
    json: values.json,
  };
}

/** The number above 0 that an option was given. Throws with a sentence. */
export function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} wants a number above 0, not '${text}'`);
  return value;
}

/** Those of the known that an option names. Throws with a sentence. */
export function choices<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  const chosen = text.split(',');
  const stranger = chosen.find((name) => !known.includes(name as T));
  if (stranger !== undefined) throw new Error(`${option} knows ${known.join(', ')}, not '${stranger}'`);
  return chosen as T[];
}
