import type { Duplex } from 'node:stream';
import { RefusedError } from '../base/errors.ts';
import type { OriginAddress } from '../config/options.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import { type Channel, orAbort } from './channel.ts';
import { keepAlive } from './control.ts';
import type { Ears } from './media/ears.ts';
import { OriginLink } from './media/origin-link.ts';
import type { MediaOffer } from './messages.ts';
import type { PeerClock } from './peer-clock.ts';
import type { Source } from './subscription.ts';
import type { Trust } from './trust.ts';
import { OriginGone } from './watch-process.ts';
import { findWay, firstPauses, type Way } from './way.ts';

/** In milliseconds: an origin that comes back is to be found soon. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 500];
/** One that does not let us in will hardly think better of it. */
const [FIRST_REFUSED, LONGEST_REFUSED] = [5000, 60_000];

/** How often those who get something from an origin are told that it is in doubt, as long as there is no connection, in milliseconds. */
const DOUBT_MS = 400;

/** What connecting to other nodes needs. */
export interface Outside {
  readonly trust: Trust;
  readonly ears: Ears;
  /** Is told whenever a node has been reached, by its id. */
  readonly onReached?: (node: string) => void;
}

/** One origin, connected to as long as it can be. */
export class Uplink implements Source {
  /** `host:port`. */
  readonly name: string;
  readonly host: string;
  readonly #origin: OriginAddress;
  readonly #outside: Outside;
  readonly #context: Context;
  readonly #closing = new AbortController();
  readonly #retries = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
  readonly #refusals = new Backoff(FIRST_REFUSED, LONGEST_REFUSED);
  readonly #pauses = firstPauses();
  /** The attempt to connect that is under way, or was the last one. */
  #attempt = Promise.withResolvers<Way>();
  #way = this.#attempt.promise;
  #control: Channel | undefined;
  #node: string | undefined;
  #transport: Way['transport'] | undefined;
  #link: OriginLink | undefined;
  #clock: PeerClock | undefined;
  readonly #waiting = new Set<() => void>();
  #complaint = '';
  readonly #doubts = new Set<() => void>();
  #doubting: NodeJS.Timeout | undefined;
  #isUp = false;

  /** Begins to connect at once, and again whenever the connection is lost; `node` is the id of the origin where it is known. */
  constructor(origin: OriginAddress, outside: Outside, context: Context, node?: string) {
    this.#node = node;
    this.name = `${origin.host}:${origin.port}`;
    this.host = origin.host;
    this.#origin = origin;
    this.#outside = outside;
    this.#context = context;
    void this.#keep();
  }

  /** The id of the origin, once it was ever reached. */
  get node(): string | undefined {
    return this.#node;
  }

  /** Whether there is a connection to it. */
  get isUp(): boolean {
    return this.#isUp;
  }

  get ahead(): number | undefined {
    return this.#clock?.ahead;
  }

  /** Opens a stream, waiting for the attempt to connect that may be under way. Rejects at once while the origin is known to be dead. */
  async open(signal: AbortSignal): Promise<Duplex> {
    const way = await orAbort(this.#way, signal);
    return way.open(signal);
  }

  /** How media comes from the origin by UDP, unless it is known that it does not. */
  link(): OriginLink | undefined {
    return this.#link?.mayBeUp ? this.#link : undefined;
  }

  onUp(action: () => void): () => void {
    if (this.#link?.isUp) action();
    else this.#waiting.add(action);
    return () => this.#waiting.delete(action);
  }

  onDoubt(listener: () => void): () => void {
    this.#doubts.add(listener);
    return () => this.#doubts.delete(listener);
  }

  close(): void {
    this.#closing.abort(new Error('the relay is stopping'));
    clearInterval(this.#doubting);
    this.#link?.close();
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // Only those who ask want to know.
      this.#way.catch(() => {});
      const pauses = await this.#connect(signal).catch((error: Error) => this.#fail(error));
      await pauses.wait(signal);
    }
  }

  /** Connects, and returns when the connection is lost. Rejects when there was none. */
  async #connect(signal: AbortSignal): Promise<Backoff> {
    const { trust } = this.#outside;
    const { nodeId } = trust;
    const credentials = await trust.credentialsFor(this.#origin, signal);
    const connection = this.#link?.isOpen ? this.#link.connection : undefined;
    const { clock } = this.#context;
    const way = await findWay(
      { origin: this.#origin, credentials, nodeId, clock, connection },
      { before: this.#transport, pauses: this.#pauses, onSilence: (reason) => this.#miss(reason as Error) },
      signal,
    );
    const close = () => way.close();
    signal.addEventListener('abort', close, { once: true });
    this.#control = way.control;
    const link = (this.#link = await this.#linkBy(way));
    this.#begin(way);
    const doubt = () => this.#doubt();
    const ear = { hear: () => link?.heardOtherwise(), heard: () => link?.heardAt ?? 0, doubt, clock: way.clock };
    const reason = await keepAlive(way.control, ear).catch((error: Error) => error);
    signal.removeEventListener('abort', close);
    if (reason instanceof OriginGone) link?.close();
    else link?.detach();
    way.close();
    this.#lose(reason?.message ?? 'the origin ended the connection');
    return this.#retries;
  }

  /** The link that there is goes on if the origin still knows it. */
  async #linkBy({ media, node }: Way): Promise<OriginLink | undefined> {
    const present = this.#link;
    if (present?.isOpen && present.connection === media?.connection) {
      present.attach();
      return present;
    }
    present?.close();
    return media && this.#context.config.relay.media && this.#openLink(media, node);
  }

  async #openLink(media: MediaOffer, node: string): Promise<OriginLink | undefined> {
    const { config, clock, log, links } = this.#context;
    const { host, mediaPort: port = media.port } = this.#origin;
    const { latency, fec } = config.relay;
    const { ears } = this.#outside;
    let hide = () => {};
    const link = await OriginLink.open({
      ...{ clock, log, name: this.name, node, host, offer: { ...media, port }, latency, fec, ears },
      onPolicy: (policy) => this.#control?.send({ op: 'policy', ...policy }),
      onUp: () => this.#rise(),
      onClose: () => hide(),
    }).catch(() => undefined);
    if (link) hide = links.add(() => link.report());
    return link;
  }

  #rise(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const action of waiting) action();
  }

  #begin(way: Way): void {
    clearInterval(this.#doubting);
    this.#isUp = true;
    this.#node = way.node;
    this.#transport = way.transport;
    this.#clock = way.clock;
    this.#complaint = '';
    for (const pauses of [this.#retries, this.#refusals, this.#pauses]) pauses.reset();
    this.#attempt.resolve(way);
    this.#way = Promise.resolve(way);
    this.#context.log.info({ origin: this.name, node: way.node, transport: way.transport }, 'connected to an origin');
    this.#outside.onReached?.(way.node);
  }

  /** What is asked from now on waits for the next attempt; media that may go on does not, where another origin has it by then. */
  #lose(reason: string): void {
    this.#attempt = Promise.withResolvers();
    this.#way = this.#attempt.promise;
    this.#isUp = false;
    if (this.#closing.signal.aborted) return;
    this.#doubting = setInterval(() => this.#doubt(), DOUBT_MS).unref();
    this.#context.log.warn({ origin: this.name, reason }, 'an origin is lost');
  }

  #doubt(): void {
    for (const listener of this.#doubts) listener();
  }

  #fail(error: Error): Backoff {
    this.#miss(error);
    return error instanceof RefusedError && error.code === 'forbidden' ? this.#refusals : this.#retries;
  }

  /** The origin is not to be had at present: whoever waits for it learns that. */
  #miss(error: Error): void {
    this.#attempt.reject(error);
    if (!this.#closing.signal.aborted && error.message !== this.#complaint) {
      this.#complaint = error.message;
      this.#context.log.warn(
        { origin: this.name, reason: error.message },
        'an origin cannot be reached; it is tried again',
      );
    }
  }
}
