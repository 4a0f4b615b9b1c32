import { z } from 'zod';
import { adminToken } from '../../src/access/admin-token.ts';
import { AccessGate } from '../../src/access/gate.ts';
import { SECOND } from '../../src/base/clock.ts';
import type { RefusedError } from '../../src/base/errors.ts';
import { loadConfig } from '../../src/config/load.ts';
import { coreOptions } from '../../src/config/options.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { dispatchOptions } from '../../src/dispatch/options.ts';
import { Files } from '../../src/hub/files.ts';
import { Hub } from '../../src/hub/hub.ts';
import { Pasts } from '../../src/hub/past.ts';
import type { Publisher } from '../../src/hub/publisher.ts';
import { type Session, Sessions } from '../../src/hub/session.ts';
import type { AudioTrack, VideoTrack } from '../../src/media/track.ts';
import type { Context, Module } from '../../src/module.ts';
import { Admission } from '../../src/net/admission.ts';
import { Callbacks } from '../../src/net/callbacks.ts';
import { Dialers } from '../../src/net/dialers.ts';
import { Gatherer } from '../../src/net/gatherer.ts';
import { Headcount } from '../../src/net/headcount.ts';
import { HttpRouter } from '../../src/net/http.ts';
import { Ingress } from '../../src/net/ingress.ts';
import { Links } from '../../src/net/links.ts';
import { Listeners } from '../../src/net/listeners.ts';
import { Locators } from '../../src/net/locators.ts';
import { MemoryWatch } from '../../src/net/memory.ts';
import { Pacer } from '../../src/net/pacer.ts';
import { Routes } from '../../src/net/routes.ts';
import { noSiblings } from '../../src/net/siblings.ts';
import { Takers } from '../../src/net/takers.ts';
import type { TlsStore } from '../../src/net/tls.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { systemClock } from '../../src/ops/system-clock.ts';
import { hlsOptions } from '../../src/protocol/hls/options.ts';
import { systemDisk } from '../../src/record/disk.ts';
import { recordOptions } from '../../src/record/options.ts';
import { LocalRecordings } from '../../src/record/recordings.ts';
import type { Owner } from './until.ts';

/** A server of the modules under test, around a real hub into which tests publish without a protocol. */
export interface ApiServer {
  readonly origin: string;
  readonly context: Context;
  /** Whom the server has asked to leave, and why. */
  readonly closed: readonly { readonly session: string; readonly code: string }[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** As the admin; resolves to the answer's JSON. */
  get(path: string): Promise<Record<string, any>>;
  /** Publishes a path with both tracks; a key frame and two audio frames are sent. */
  publish(path: string, detail?: Record<string, string>): Promise<Publisher>;
  /** Adds a viewer to a path. */
  play(path: string, protocol?: string): { readonly session: Session; readonly leave: () => void };
}

export interface ApiServerOptions {
  /** What HTTP is configured to listen on: without it the admin needs the token even on this machine. */
  readonly listenHost?: string;
  readonly tls?: TlsStore;
}

const VIDEO: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  config: Uint8Array.of(1),
  width: 1280,
  height: 720,
  parameter: 'avc1.64001f',
  profile: 'High',
  level: '3.1',
};
const AUDIO: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  config: Uint8Array.of(0x11, 0x90),
  sampleRate: 48_000,
  channels: 2,
  parameter: 'mp4a.40.2',
  profile: 'LC',
};

/** The admin's token of these servers. */
export const TOKEN = 'a-token-for-these-tests';

/** What {@link ApiServer.publish} sends, in bytes. */
export const PUBLISHED_BYTES = 1020;

/** Starts a server of these modules on a free port of loopback. */
export async function startApi(
  owner: Owner,
  modules: readonly Module[],
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const { context, dispatcher } = createContext(options);
  const listeners = new Listeners();
  owner.after(async () => {
    // Whatever else fails, nothing keeps the process alive.
    await listeners.close();
    context.hub.close();
    context.memory.close();
    dispatcher.end();
    await Promise.all(modules.map((module) => module.stop()));
  });
  for (const module of modules) await module.start(context);
  const address = { host: '127.0.0.1', port: 0 };
  const { port } = await listeners.open(context.http.serve(options.tls), address, context.admission);
  dispatcher.begin({ http: { host: '127.0.0.1', port } });
  const origin = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return handle(context, origin);
}

/** What the modules under test are given. */
function createContext({ listenHost, tls }: ApiServerOptions): { context: Context; dispatcher: Dispatcher } {
  const clock = systemClock;
  const config = loadConfig(z.strictObject(coreOptions), { file: { name: 'test', text: '' } });
  const provider = adminToken({ adminToken: TOKEN, loopback: 'trusted', listenHost });
  const sessions = new Sessions(clock);
  const [limit, resident] = [Number.POSITIVE_INFINITY, () => 0];
  const memory = new MemoryWatch({ limit, resident, sessions, clock, log: silentLogger });
  const { publish, window, play, fanout } = config;
  const hub = new Hub({ ...publish, window, segment: SECOND }, clock);
  const options = recordOptions.parse(undefined);
  const siblings = noSiblings();
  const access = new AccessGate([provider]);
  const ingress = new Ingress(access, hub);
  const dispatcher = new Dispatcher({
    config: { ...config, dispatch: dispatchOptions.parse(undefined), hls: hlsOptions.parse(undefined) },
    ...{ hub, sessions, clock, cluster: undefined, log: silentLogger, siblings, ingress },
  });
  const context: Context = {
    config,
    nodeId: 'this-node',
    siblings,
    log: silentLogger,
    clock,
    hub,
    sessions,
    recordings: new LocalRecordings({ options, disk: systemDisk, hub, sessions, clock, log: silentLogger }),
    files: new Files(),
    pasts: new Pasts(),
    access,
    ingress,
    takers: new Takers(),
    admission: new Admission(config.limits, memory, new Headcount('connections', siblings, clock)),
    memory,
    pacer: new Pacer(fanout, clock, () => {}),
    gatherer: new Gatherer(fanout.burstMax, clock),
    outlets: { window: { ...window, duration: play.maxLag }, stallTimeout: play.stallTimeout },
    http: new HttpRouter(silentLogger, config),
    links: new Links(),
    dialers: new Dialers(siblings.run),
    locators: new Locators(),
    callbacks: new Callbacks(),
    routes: new Routes(),
    cluster: undefined,
    dispatch: dispatcher,
    tls,
  };
  return { context, dispatcher };
}

function handle(context: Context, origin: string): ApiServer {
  const closed: { session: string; code: string }[] = [];
  const open = (protocol: string, role: 'publish' | 'play', path: string): Session => {
    const close = ({ code }: RefusedError) => void closed.push({ session: session.id, code });
    const session: Session = context.sessions.open({ protocol, remote: '192.0.2.17', close });
    return Object.assign(session, { role, path });
  };
  const request = (path: string, init: RequestInit = {}) => fetch(origin + path, { redirect: 'manual', ...init });
  return {
    origin,
    context,
    closed,
    fetch: request,
    get: async (path) =>
      (await request(path, { headers: { authorization: `Bearer ${TOKEN}` } })).json() as Promise<Record<string, any>>,
    async publish(path, detail = { tcUrl: 'rtmp://192.0.2.4:1936/live' }) {
      const session = open('rtmp', 'publish', path);
      Object.assign(session.detail, detail);
      const publisher = await context.hub.publish(path, session, new AbortController().signal);
      publisher.write({ track: VIDEO, dts: 0, pts: 0, keyframe: true, data: new Uint8Array(1000) });
      for (const dts of [0, 20_000])
        publisher.write({ track: AUDIO, dts, pts: dts, keyframe: true, data: new Uint8Array(10) });
      session.bytesIn += PUBLISHED_BYTES;
      return publisher;
    },
    play(path, protocol = 'http-flv') {
      const session = open(protocol, 'play', path);
      const leave = context.hub.join(context.hub.find(path)!, session);
      return { session, leave };
    },
  };
}
