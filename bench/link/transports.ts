import { join } from 'node:path';
import { Identity } from '../../src/cluster/identity.ts';
import { Child } from '../process.ts';
import type { MediaKind } from './meter.ts';
import { LinkNode, type Options } from './node.ts';
import type { End, Path } from './path.ts';
import type { LinkSettings } from './settings.ts';

/** Ports that are free; without a tunnel it is `link` and `media` of the origin to which UDP gets. */
type Ports = Readonly<Record<'link' | 'media' | 'rtmp' | 'http' | 'api', number>>;

/** What a transport is set up with. */
export interface Ground {
  readonly path: Path;
  readonly settings: LinkSettings;
  /** An empty folder. */
  readonly folder: string;
  readonly ports: Ports;
}

/** A stream on its way from a publisher at the origin to those who watch at the edge. */
export interface Crossing {
  readonly nodes: readonly LinkNode[];
  readonly source: Child;
  readonly watcher: Child;
}

/** One way to get a stream across the path. */
export interface Transport {
  readonly name: string;
  /** What its media looks like on the path. */
  readonly kind: MediaKind;
  /** Whether it needs more than UDP to the origin. */
  readonly needsTunnel: boolean;
  /** Resolves when all watch. `started` is told of every process, so that it is stopped whatever happens. */
  start(ground: Ground, started: (process: LinkNode | Child) => void): Promise<Crossing>;
}

/** The cloud's port for packets of the original nodes. */
const LEGACY_PORT = 5222;
const OFF = { listen: 'off' };

const headwater: Transport = {
  name: 'headwater',
  kind: 'rtp',
  needsTunnel: false,
  async start(ground, started) {
    const { path, ports, folder, settings } = ground;
    const state = join(folder, 'origin');
    const listen = `${path.origin.listen}:${ports.link}`;
    const media = `${path.origin.listen}:${ports.media}`;
    const origin = await node(ground, 'origin', { http: OFF, relay: { listen, media, state } }, started);
    const url = `headwater://${path.origin.address}:${ports.link}?join=${Identity.open(state).joinToken}`;
    const relay = { origins: [url], state: join(folder, 'edge'), latency: `${settings.latency}ms` };
    const edge = await node(ground, 'edge', { rtmp: OFF, relay }, started);
    return { nodes: [origin, edge], ...(await publishAndWatch(ground, started)) };
  },
};

const legacy: Transport = {
  name: 'legacy link',
  kind: 'rtp',
  needsTunnel: true,
  async start(ground, started) {
    const { path, ports, settings } = ground;
    const destinations = [`${path.edge.address}:${LEGACY_PORT}`];
    const cloud = { destinations, repairListen: `:${ports.link}`, apiListen: `:${ports.api}` };
    const latency = `${Math.max(20, settings.latency)}ms`;
    const edge = {
      listen: `:${LEGACY_PORT}`,
      cloudHost: path.origin.address,
      apiPort: ports.api,
      quicPort: ports.link,
    };
    const nodes = [
      await node(ground, 'origin', { http: OFF, legacy: { cloud } }, started),
      await node(ground, 'edge', { rtmp: OFF, legacy: { edge: { ...edge, latency } }, play: { wait: '10s' } }, started),
    ];
    return { nodes, ...(await publishAndWatch(ground, started)) };
  },
};

const rtmp: Transport = {
  name: 'RTMP (TCP)',
  kind: 'tcp',
  needsTunnel: true,
  async start(ground, started) {
    const { path, ports } = ground;
    const nodes = [await node(ground, 'origin', { http: OFF }, started)];
    const source = await publish(ground, started);
    const watcher = await watch(ground, [path.origin.address, ports.rtmp, 'rtmp', ground.settings.streams], started);
    return { nodes, source, watcher };
  },
};

/** ffmpeg as a pipe for bytes, which adds neither probing nor a muxer's delay. */
const PIPE = ['ffmpeg', '-v', 'error', '-probesize', '32', '-analyzeduration', '0', '-f', 'data'];
const AS_IT_IS = ['-map', '0', '-c', 'copy', '-f', 'data'];
const TS_CHUNK = '1316';

const srt: Transport = {
  name: 'SRT',
  kind: 'srt',
  needsTunnel: false,
  async start({ path, ports, settings }, started) {
    const options = `transtype=live&pkt_size=${TS_CHUNK}&latency=${settings.latency * 1000}`;
    const at = `srt://${path.origin.listen}:${ports.link}?mode=listener&${options}`;
    const from = `srt://${path.origin.address}:${ports.link}?mode=caller&${options}`;
    const sender = [...PIPE, '-raw_packet_size', TS_CHUNK, '-i', 'pipe:0', ...AS_IT_IS, at];
    const receiver = [...PIPE, '-i', from, ...AS_IT_IS, 'pipe:1'];
    const source = spawn('the TS source', path.origin, settings, ['ts-source.ts', settings.rate * 1000, ...sender]);
    started(source);
    await source.answer();
    const watcher = spawn('the watcher', path.edge, settings, ['watcher.ts', 'run', ...receiver]);
    started(watcher);
    await watcher.answer();
    return { nodes: [], source, watcher };
  },
};

/** All of them: the first is ours, the others its peers. */
export const TRANSPORTS = { headwater, srt, rtmp, legacy };

type Started = (process: LinkNode | Child) => void;

async function node(
  { path, settings, folder, ports }: Ground,
  name: 'origin' | 'edge',
  options: Options,
  started: Started,
) {
  const end = path[name];
  const listen = { rtmp: { listen: `${end.listen}:${ports.rtmp}` }, http: { listen: `${end.listen}:${ports.http}` } };
  const place = { end, cores: settings.serverCores, folder: join(folder, name) };
  const running = await LinkNode.start(name, place, { ...listen, ...options });
  started(running);
  return running;
}

/** At the edge all watch by HTTP-FLV. */
async function publishAndWatch(ground: Ground, started: Started): Promise<Pick<Crossing, 'source' | 'watcher'>> {
  const source = await publish(ground, started);
  const { ports, settings } = ground;
  return { source, watcher: await watch(ground, ['127.0.0.1', ports.http, 'http-flv', settings.streams], started) };
}

/** The publishers at the origin; resolves when all publish. */
export async function publish({ path, settings, ports }: Ground, started: Started): Promise<Child> {
  const args = ['source.ts', settings.rate * 1000, ports.rtmp, settings.streams];
  const source = spawn('the source', path.origin, settings, args);
  started(source);
  await source.answer();
  return source;
}

async function watch({ path, settings }: Ground, args: readonly (string | number)[], started: Started): Promise<Child> {
  const watcher = spawn('the watcher', path.edge, settings, ['watcher.ts', ...args]);
  started(watcher);
  await watcher.answer();
  return watcher;
}

function spawn(
  name: string,
  { enter }: End,
  { loadCores }: LinkSettings,
  [script, ...args]: readonly (string | number)[],
): Child {
  const command = [process.execPath, join(import.meta.dirname, String(script)), ...args.map(String)];
  return new Child(name, loadCores, [...enter, ...command]);
}
