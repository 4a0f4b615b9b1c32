import type { RemoteInfo, Socket } from 'node:dgram';
import type { Server } from 'node:net';
import type { z } from 'zod';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import type { ListenAddress } from '../../config/values.ts';
import { type RtpPacket, readRtp } from '../../container/rtp/packet.ts';
import type { Context, Module } from '../../module.ts';
import type { BoundAddress } from '../../net/listen.ts';
import { Listeners } from '../../net/listeners.ts';
import { dialQuic, type QuicConnection } from '../../net/quic.ts';
import { Directory } from './directory.ts';
import { edgeRouter } from './edge-http.ts';
import { Flows } from './flows.ts';
import type { legacyOptions } from './options.ts';
import { Repairs } from './repairs.ts';
import { receiveAt } from './udp.ts';
import { type CloudPorts, readAnnouncement } from './wire/announcement.ts';
import { REPAIR_ALPN } from './wire/repair.ts';

type EdgeOptions = z.output<typeof legacyOptions>['edge'];

const USUAL_PORTS: CloudPorts = { quic: 4242, api: 8090 };
/** So many polls in a row may fail before another sender may be the cloud, where none is named. */
const MOST_FAILURES = 3;
const QUIC_IDLE_MS = 30_000;
const DIAL_TIMEOUT_MS = 3000;

/** Publishes here what an original cloud node sends, and serves `playback` where original edges serve FLV. */
export function legacyEdge(options: EdgeOptions, playback: Module): Module {
  let edge: Edge | undefined;
  return {
    name: 'legacy-edge',
    async start(context) {
      if (!options.listen) return {};
      edge = new Edge(context, options);
      return edge.start(playback);
    },
    stop: async () => edge?.stop(),
  };
}

class Edge {
  readonly #context: Context;
  readonly #options: EdgeOptions;
  readonly #listeners = new Listeners();
  readonly #directory: Directory;
  readonly #repairs: Repairs | undefined;
  readonly #flows: Flows;
  #socket: Socket | undefined;
  /** Who is taken for the cloud where none is named, and the ports that it announced. */
  #sender: string | undefined;
  #announced = USUAL_PORTS;

  constructor(context: Context, options: EdgeOptions) {
    const { clock, log } = context;
    this.#context = context;
    this.#options = options;
    const api = () => this.#cloud('api', options.apiPort);
    this.#directory = new Directory({ clock, log, api, onAnswer: () => this.#flows.look() });
    const onPacket = (packet: Uint8Array) => this.#flows.repair(packet);
    const dial = (signal: AbortSignal) => this.#dial(signal);
    if (options.repair) this.#repairs = new Repairs({ clock, log, dial, onPacket });
    const { latency } = options;
    this.#flows = new Flows({ context, directory: this.#directory, repairs: this.#repairs, latency });
  }

  async start(playback: Module): Promise<Record<string, BoundAddress>> {
    const { listen, multicastInterface } = this.#options;
    this.#socket = await receiveAt(listen!, multicastInterface);
    this.#socket.on('error', ({ message }) =>
      this.#context.log.warn({ reason: message }, 'the legacy link cannot receive'),
    );
    this.#socket.on('message', (bytes, from) => this.#onDatagram(plain(bytes), from));
    const { address: host, port } = this.#socket.address();
    return { 'legacy-rtp': { host, port }, ...(await this.#serve(playback)) };
  }

  async stop(): Promise<void> {
    this.#flows.close();
    this.#directory.close();
    this.#repairs?.close();
    this.#socket?.close();
    await this.#listeners.close();
  }

  async #serve(playback: Module): Promise<Record<string, BoundAddress>> {
    const { flvListen, flvListenTls } = this.#options;
    const { admission, tls } = this.#context;
    const addresses: Record<string, BoundAddress> = {};
    const router = await edgeRouter(this.#context, playback, (key) => this.#flows.startTime(key));
    const open = (server: Server, address: ListenAddress) =>
      this.#listeners.open(server, { ...address, exclusive: true }, admission);
    if (flvListen) addresses['legacy-flv'] = await open(router.serve(), flvListen);
    if (flvListenTls) {
      if (!tls) throw new Error('legacy.edge.flvListenTls needs a certificate under tls.certificates');
      const server = router.serve(tls);
      tls.keepCurrent(server as never);
      addresses['legacy-flvs'] = await open(server, flvListenTls);
    }
    return addresses;
  }

  #onDatagram(bytes: Uint8Array, from: RemoteInfo): void {
    const { cloudHost } = this.#options;
    // One that nobody named and that never answers may not be a cloud.
    if (this.#directory.failures >= MOST_FAILURES) this.#sender = undefined;
    this.#sender ??= from.address;
    const ports = readAnnouncement(bytes);
    const packet = ports ? undefined : parse(bytes);
    if (ports && (cloudHost !== '' || from.address === this.#sender)) this.#hear(ports);
    if (packet) this.#flows.push(packet, from);
  }

  /** A port of 0 is none that could be asked. */
  #hear({ quic, api }: CloudPorts): void {
    this.#announced = { quic: quic || USUAL_PORTS.quic, api: api || USUAL_PORTS.api };
  }

  #cloud(purpose: keyof CloudPorts, configured: number): { host: string; port: number } | undefined {
    const host = this.#options.cloudHost || this.#sender;
    return host ? { host, port: configured || this.#announced[purpose] } : undefined;
  }

  async #dial(signal: AbortSignal): Promise<QuicConnection> {
    const at = this.#cloud('quic', this.#options.quicPort);
    if (!at) throw new RefusedError('not-found', 'no cloud is known');
    const times = { idle: QUIC_IDLE_MS, timeout: DIAL_TIMEOUT_MS };
    return dialQuic({ ...at, ...times, alpn: [REPAIR_ALPN], verify: false }, signal);
  }
}

/** Anybody can send anything to a port of UDP. */
function parse(bytes: Uint8Array): RtpPacket | undefined {
  try {
    return readRtp(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
