import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { httpFlvViewer } from './flv-client.ts';
import { Direction, type Impairment, openLossyRelay } from './lossy-relay.ts';
import { type Overrides, type SpawnedServer, spawnServer } from './server.ts';
import type { Owner } from './until.ts';
import type { Viewer } from './viewer.ts';

/** What is between cloud and edge: in the media's direction, and both ways in that of the repairs. */
export interface LegacyPath {
  readonly seed?: number;
  readonly media?: Impairment;
  readonly repairs?: Impairment;
}

/** An edge node of ours, in a process of its own. */
export interface LegacyEdge extends SpawnedServer {
  /** Where it serves FLV, by its own listener, and a path. */
  flv(path: string): string;
  /** One who watches a stream there. */
  watch(owner: Owner, name: string): Viewer;
}

/** A cloud node and an edge node of ours, each a process of its own. */
export interface LegacyLink {
  readonly cloud: SpawnedServer;
  readonly edge: LegacyEdge;
  /** The way of the media; what it does may be changed. */
  readonly media: Direction;
}

/** What clips need: nobody is kept waiting for a publisher's return. */
const DEFAULTS = { play: { wait: '30s' }, publish: { stopGrace: '0s' }, window: { duration: '1m', bytes: '64MiB' } };

/** The port that a server told for a purpose when it started. */
export function portFor(server: SpawnedServer, purpose: string): number {
  const started = server.lines().find(({ msg }) => msg === 'started');
  return Number(/:(\d+)$/.exec(String(started?.[purpose]))?.[1]);
}

/** Starts both, with a path between them; everything ends with its owner. */
export async function startLegacyLink(owner: Owner, path: LegacyPath = {}): Promise<LegacyLink> {
  const { seed = 1 } = path;
  const relay = await openRelay(owner, seed, path.media);
  const cloud = await startCloud(owner, relay.port);
  const repairs = await openLossyRelay(owner, portFor(cloud, 'legacy-quic'), { seed, ...path.repairs });
  const ports = { apiPort: portFor(cloud, 'legacy-api'), quicPort: repairs.port };
  // Longer than by default: nothing is to be lost because the machine is busy.
  const edge = await startEdge(owner, { ...ports, cloudHost: '127.0.0.1', latency: '3s' });
  relay.aim(portFor(edge, 'legacy-rtp'));
  return { cloud, edge, media: relay.direction };
}

/** An edge node that hears of its cloud by the cloud's announcements, unless it is told more. */
export async function startEdge(owner: Owner, more: Overrides = {}): Promise<LegacyEdge> {
  const own = { listen: '127.0.0.1:0', flvListen: '127.0.0.1:0' };
  const server = await spawnServer(owner, {
    ...DEFAULTS,
    rtmp: { listen: 'off' },
    legacy: { edge: { ...own, ...more } },
  });
  const flv = (path: string) => `http://127.0.0.1:${portFor(server, 'legacy-flv')}${path}`;
  return { ...server, flv, watch: (viewer, name) => httpFlvViewer(viewer, flv(`/live/${name}.flv`)) };
}

/** A cloud node that sends to a port of this machine. */
export function startCloud(owner: Owner, port: number, more: Overrides = {}): Promise<SpawnedServer> {
  const cloud = { destinations: [`127.0.0.1:${port}`], repairListen: '127.0.0.1:0', apiListen: '127.0.0.1:0' };
  return spawnServer(owner, { ...DEFAULTS, http: { listen: 'off' }, legacy: { cloud: { ...cloud, ...more } } });
}

/** A bad way from its own port to one that is told later. */
export async function openRelay(owner: Owner, seed: number, impairment: Impairment = {}) {
  const direction = new Direction(seed, impairment);
  const socket = createSocket('udp4');
  let target = 0;
  socket.on('message', (bytes) => direction.pass(bytes.length, () => void send(bytes)));
  const send = (bytes: Uint8Array) => target > 0 && socket.send(bytes, target, '127.0.0.1', () => {});
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    direction.close();
    socket.close();
  };
  owner.after(close);
  const aim = (port: number) => {
    target = port;
  };
  return { port: socket.address().port, direction, aim, close };
}
