import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { type RtpPacket, readRtp } from '../../container/rtp/packet.ts';
import { DEFAULT_VHOST, streamPath } from '../../hub/path.ts';
import type { Context } from '../../module.ts';
import { type Serving, serve } from '../../net/serve.ts';
import type { Directory } from './directory.ts';
import { Flow } from './flow.ts';
import { LegacyIngest } from './ingest.ts';
import type { Repairs } from './repairs.ts';
import type { LegacyStream } from './wire/livestat.ts';
import type { OrderOptions } from './wire/order.ts';

/** What {@link Flows} need. */
export interface FlowsOptions {
  readonly context: Context;
  readonly directory: Directory;
  /** Absent where nothing can be asked for. */
  readonly repairs: Repairs | undefined;
  /** How long a lost packet that can be asked for is waited for, in microseconds. */
  readonly latency: number;
}

/** Who sent a datagram. */
export interface Sender {
  readonly address: string;
  readonly port: number;
}

/** How often missing packets are looked after, and flows. */
const TICK = 2 * MILLISECOND;
const LOOK = 250 * MILLISECOND;
/** A flow that is silent for so long may be replaced by another of the same stream, and has ended if the cloud says so. */
const SILENCE = 1 * SECOND;
/** A flow that was refused, or replaced, is not looked at again before this. */
const DEAF = 10 * SECOND;
/** Flows that nobody knows a stream for. */
const MOST_UNKNOWN = 32;
/** Without a way to ask for it, a packet is only waited for as long as others may overtake it. */
const LATENCY_WITHOUT_REPAIR = 50 * MILLISECOND;

/** All that a cloud sends, each stream by itself: named by the directory, put in order, repaired and published. */
export class Flows {
  readonly #options: FlowsOptions;
  readonly #order: OrderOptions;
  /** By sender and SSRC. */
  readonly #flows = new Map<string, Flow>();
  #cancelTick: (() => void) | undefined;
  #cancelLook = () => {};

  constructor(options: FlowsOptions) {
    const repair = options.repairs !== undefined;
    this.#options = options;
    this.#order = { repair, deadline: repair ? options.latency : LATENCY_WITHOUT_REPAIR };
    this.#planLook();
  }

  /** When a stream's media time was 0, by the cloud's clock, in milliseconds since 1970. */
  startTime(key: string): number | undefined {
    const path = pathOf(key);
    const flow = [...this.#flows.values()].find((each) => each.path === path && each.ingest !== undefined);
    const startTime = (flow && this.#options.directory.find(flow.ssrc)?.startTime) || undefined;
    return startTime === undefined ? undefined : startTime - flow!.ingest!.shift;
  }
  /** Ends nothing: the sessions are ended by the server. */
  close(): void {
    this.#cancelTick?.();
    this.#cancelLook();
  }

  /** Takes a packet as it came. */
  push(packet: RtpPacket, { address, port }: Sender): void {
    const now = this.#options.context.clock.now();
    const key = `${address} ${port} ${packet.ssrc}`;
    const flow = this.#flows.get(key) ?? this.#open(key, packet, address, now);
    flow?.push(packet, now);
    if (flow?.ingest?.receiver.isWaiting) this.#planTick();
  }

  #open(key: string, { ssrc }: RtpPacket, remote: string, now: number): Flow | undefined {
    let unknown = 0;
    for (const { path } of this.#flows.values()) if (path === undefined) unknown++;
    if (unknown >= MOST_UNKNOWN) return undefined;
    const flow = new Flow(ssrc, remote, now);
    this.#flows.set(key, flow);
    this.#options.directory.want();
    return flow;
  }

  /** A repair says by its SSRC which flow it belongs to; where a restart has left two, to the one that is alive. */
  repair(bytes: Uint8Array): void {
    const packet = readRtp(bytes);
    for (const { ssrc, ingest } of this.#flows.values())
      if (ssrc === packet.ssrc) ingest?.push(packet, this.#options.context.clock.now());
  }

  #planTick(): void {
    this.#cancelTick ??= this.#options.context.clock.after(TICK, () => this.#tick());
  }

  /** Asks for what is missing, and gives up what is due. */
  #tick(): void {
    this.#cancelTick = undefined;
    const now = this.#options.context.clock.now();
    for (const { ssrc, ingest } of this.#flows.values()) {
      if (!ingest?.receiver.isWaiting) continue;
      if (this.#options.repairs) ingest.receiver.again = this.#options.repairs.again;
      const wanted = ingest.receiver.poll(now);
      if (wanted.length > 0) this.#options.repairs?.ask(ssrc, wanted);
      if (ingest.receiver.isWaiting) this.#planTick();
    }
  }

  #planLook(): void {
    this.#cancelLook = this.#options.context.clock.after(LOOK, () => {
      this.look();
      this.#planLook();
    });
  }

  /** Gives flows their streams, and ends those that are over. */
  look(): void {
    const now = this.#options.context.clock.now();
    for (const [key, flow] of this.#flows) {
      if (flow.path === undefined) this.#name(key, flow, now);
      else this.#watch(flow, now);
    }
  }

  #name(key: string, flow: Flow, now: number): void {
    const { idleTimeout } = this.#options.context.config.publish;
    const isUnknown = this.#options.directory.askedAt > flow.since && !this.#options.directory.find(flow.ssrc);
    if (isUnknown || now - flow.lastArrival > idleTimeout) this.#flows.delete(key);
    else if (now >= flow.deafUntil && this.#options.directory.askedAt > flow.since)
      this.#admit(flow, this.#options.directory.find(flow.ssrc)!, now);
  }

  /** A flow takes over a stream from one of another SSRC, which the cloud does not name any more, or from one that is silent. */
  #admit(flow: Flow, { key }: LegacyStream, now: number): void {
    const path = pathOf(key);
    if (path === undefined) return flow.shut(now + DEAF);
    const rival = [...this.#flows.values()].find((other) => other.path === path);
    if (rival?.ssrc === flow.ssrc && now - rival.lastArrival < SILENCE) return;
    rival?.serving?.end(new RefusedError('gone', 'the cloud sends the stream anew'));
    void this.#publish(flow, path);
  }

  #watch({ ssrc, lastArrival, serving }: Flow, now: number): void {
    const { askedAt } = this.#options.directory;
    const silence = now - lastArrival;
    if (silence > this.#options.context.config.publish.idleTimeout)
      serving?.end(new RefusedError('timeout', 'the cloud fell silent'));
    else if (silence > SILENCE && askedAt > lastArrival && !this.#options.directory.find(ssrc))
      serving?.end(new Ended());
  }

  async #publish(flow: Flow, path: string): Promise<void> {
    const { clock } = this.#options.context;
    flow.path = path;
    const cause = await serve(this.#options.context, { protocol: 'legacy', remote: flow.remote }, (serving) => {
      flow.serving = serving;
      return this.#feed(flow, path, serving);
    });
    const isSilent = cause instanceof RefusedError && cause.code === 'timeout';
    flow.shut(clock.now() + (isSilent ? 0 : DEAF));
  }

  /** Publishes a flow until its session ends. Always rejects, with the reason. */
  async #feed(flow: Flow, path: string, serving: Serving): Promise<never> {
    const { hub, clock, log } = this.#options.context;
    const { signal, session } = serving;
    serving.begin('publish', path);
    const publisher = await hub.publish(path, session, signal);
    const warn = (message: string) => serving.log.warn({ path }, message);
    const ingest = new LegacyIngest(publisher, this.#order, warn);
    // Asked for without need, so that the connection is there when it is needed.
    if (flow.first) this.#options.repairs?.ask(flow.ssrc, [flow.first.sequence]);
    flow.open(ingest, clock.now());
    this.#planTick();
    try {
      return await aborted(signal);
    } finally {
      publisher.close(signal.reason instanceof Ended);
      const { receiver, malformed } = ingest;
      const fields = { session: session.id, ...receiver.counters, skipped: receiver.skipped, malformed };
      log.info(fields, 'packets of the legacy link');
    }
  }
}

/** The cloud says that a stream is over. */
class Ended extends RefusedError {
  constructor() {
    super('gone', 'the cloud has ended the stream');
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** The path here for a stream's name there; undefined for names that are not allowed here. */
function pathOf(key: string): string | undefined {
  const at = key.lastIndexOf('/');
  try {
    return streamPath(DEFAULT_VHOST, key.slice(0, Math.max(at, 0)), key.slice(at + 1));
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}
