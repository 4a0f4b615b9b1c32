import type { z } from 'zod';
import { SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { describePath } from '../../hub/path.ts';
import type { Session } from '../../hub/session.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context, Module } from '../../module.ts';
import type { BoundAddress } from '../../net/listen.ts';
import { Listeners } from '../../net/listeners.ts';
import { listenQuic, type QuicListener } from '../../net/quic.ts';
import { cloudApi } from './cloud-api.ts';
import { Feed } from './feed.ts';
import type { legacyOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { serveRepairs } from './repair-service.ts';
import { announcement } from './wire/announcement.ts';
import { FIRST_SSRC } from './wire/packetizer.ts';
import { REPAIR_ALPN, type RepairRequest } from './wire/repair.ts';

type CloudOptions = z.output<typeof legacyOptions>['cloud'];

/** How often the ports are announced, for edges that start later. */
const ANNOUNCE_EVERY = 2 * SECOND;
/** How long packets of a stream that has ended can still be asked for. */
const AFTERLIFE = 10 * SECOND;
/** Edges of the original are silent for up to this long, in milliseconds. */
const QUIC_IDLE_MS = 30_000;
/** Streams that came from a cloud are not sent on: they would come back. */
const PROTOCOL_OF_EDGES = 'legacy';

/** What the repair service shows, as PEM texts: original edges check nothing. */
type Credentials = { readonly cert: string; readonly key: string };

/** Sends every stream published here to original edge nodes, and serves their repairs and their questions. */
export function legacyCloud(options: CloudOptions, credentials: () => Credentials): Module {
  const isOn = options.destinations.length > 0 || options.repairListen || options.apiListen;
  let cloud: Cloud | undefined;
  return {
    name: 'legacy-cloud',
    async start(context) {
      if (!isOn) return {};
      cloud = new Cloud(context, options, credentials);
      return cloud.start();
    },
    stop: async () => cloud?.stop(),
  };
}

class Cloud {
  readonly #context: Context;
  readonly #options: CloudOptions;
  readonly #credentials: () => Credentials;
  readonly #listeners = new Listeners();
  readonly #stopping = new AbortController();
  readonly #feeds = new Map<Stream, Feed>();
  /** By SSRC, for repair: those of streams that ended a moment ago as well. */
  readonly #sources = new Map<number, Feed>();
  readonly #timers = new Set<() => void>();
  #outbox: Outbox | undefined;
  #quic: QuicListener | undefined;
  #nextSsrc = FIRST_SSRC;

  constructor(context: Context, options: CloudOptions, credentials: () => Credentials) {
    this.#context = context;
    this.#options = options;
    this.#credentials = credentials;
  }

  async start(): Promise<Record<string, BoundAddress>> {
    const { hub, clock, log, admission } = this.#context;
    const { apiListen } = this.#options;
    const addresses: Record<string, BoundAddress> = {};
    this.#outbox = await Outbox.open({ ...this.#options, clock, log });
    if (apiListen) {
      const publishers = () => Array.from(this.#feeds.values(), (feed) => feed.describe());
      const server = cloudApi(this.#context, publishers).serve();
      const exclusive = { ...apiListen, exclusive: true } as const;
      addresses['legacy-api'] = await this.#listeners.open(server, exclusive, admission);
    }
    this.#quic = await this.#listenForRepairs();
    if (this.#quic) addresses['legacy-quic'] = this.#quic.address;
    this.#announce({ quic: addresses['legacy-quic']?.port ?? 0, api: addresses['legacy-api']?.port ?? 0 });
    hub.observe((event) => event.type === 'published' && this.#consider(event));
    hub.want(() => true);
    return addresses;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new RefusedError('shutdown', 'the server is stopping'));
    for (const cancel of this.#timers) cancel();
    for (const feed of this.#feeds.values()) feed.close();
    await Promise.all([this.#listeners.close(), this.#quic?.close()]);
    this.#outbox?.close();
  }

  /** Without QUIC the stream goes out all the same. */
  async #listenForRepairs(): Promise<QuicListener | undefined> {
    const { repairListen } = this.#options;
    if (!repairListen) return undefined;
    try {
      const settings = { ...repairListen, ...this.#credentials(), alpn: [REPAIR_ALPN], idle: QUIC_IDLE_MS };
      return await listenQuic(settings, (connection) => serveRepairs(connection, (request) => this.#find(request)));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#context.log.warn({ reason: error.message }, 'the legacy link goes without repairs');
      return undefined;
    }
  }

  #announce(ports: { quic: number; api: number }): void {
    this.#outbox?.send(announcement(ports));
    this.#later(ANNOUNCE_EVERY, () => this.#announce(ports));
  }

  #find({ ssrc, sequence }: RepairRequest): Uint8Array | undefined {
    return this.#sources.get(ssrc)?.cache.find(sequence);
  }

  #consider({ stream, session }: { readonly stream: Stream; readonly session: Session }): void {
    if (!this.#feeds.has(stream) && session.protocol !== PROTOCOL_OF_EDGES) void this.#follow(stream);
  }

  /** Waits for the stream's first frames, of which its headers come. */
  async #follow(stream: Stream): Promise<void> {
    try {
      const { signal } = this.#stopping;
      const found = await this.#context.hub.read(stream.path, Number.POSITIVE_INFINITY, signal);
      if (!this.#feeds.has(found)) this.#begin(found);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
    }
  }

  #begin(stream: Stream): void {
    const { clock, log } = this.#context;
    const ssrc = this.#nextSsrc++;
    const feed = new Feed({
      stream,
      ssrc,
      clock,
      cachePackets: this.#options.cachePackets,
      send: (packet) => this.#outbox?.send(packet),
      onEnd: (reason) => this.#end(feed, reason),
    });
    this.#feeds.set(stream, feed);
    this.#sources.set(ssrc, feed);
    log.info({ path: describePath(stream.path), ssrc }, 'the legacy link sends a stream');
  }

  #end(feed: Feed, reason: RefusedError): void {
    this.#feeds.delete(feed.stream);
    this.#later(AFTERLIFE, () => this.#sources.delete(feed.ssrc));
    // Other codecs are another stream to an edge: its headers are the first ones it gets.
    if (reason.code === 'changed' && !feed.stream.ended) this.#begin(feed.stream);
  }

  #later(delay: number, action: () => void): void {
    const cancel = this.#context.clock.after(delay, () => {
      this.#timers.delete(cancel);
      action();
    });
    this.#timers.add(cancel);
  }
}
