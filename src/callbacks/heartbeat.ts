import { networkInterfaces } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { HttpAnswer } from '../net/ask-http.ts';
import type { Identity } from '../net/identity.ts';
import { isInner } from '../net/interfaces.ts';
import type { BoundAddress } from '../net/listen.ts';
import { shownUrl } from '../net/server-url.ts';
import type { Logger } from '../ops/log.ts';
import type { HeartbeatOptions } from './options.ts';

/** What a {@link Heartbeat} is made with. */
export interface HeartbeatGround {
  readonly options: HeartbeatOptions;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Logger;
  readonly send: (call: { url: string; json: string }, signal: AbortSignal) => Promise<HttpAnswer>;
  /** Tells what the server and its machine use. */
  readonly summarize: () => Promise<object> | undefined;
}

/** What listens, as SRS calls it too. */
const PURPOSES = ['rtmp', 'http', 'api'];

/** Tells a server again and again that this one lives; the next time a while after the last time, whatever came of that. */
export class Heartbeat {
  readonly #ground: HeartbeatGround;
  readonly #ports: Readonly<Record<string, readonly string[]>>;
  readonly #ending = new AbortController();
  #cancel = () => {};
  #isFailing = false;

  constructor(ground: HeartbeatGround, addresses: Readonly<Record<string, BoundAddress>>) {
    this.#ground = ground;
    this.#ports = portsOf(addresses);
    void this.#beat();
  }

  stop(): void {
    this.#cancel();
    this.#ending.abort(new Error('the server is stopping'));
  }

  async #beat(): Promise<void> {
    const { options, clock, send } = this.#ground;
    const { url, interval } = options;
    const { signal } = this.#ending;
    try {
      const json = JSON.stringify(await this.#body());
      const { status } = await send({ url, json }, signal);
      this.#report(status >= 200 && status < 300 ? undefined : `the answer has the status ${status}`);
    } catch (error) {
      if (!signal.aborted) this.#report((error as Error).message);
    }
    if (!signal.aborted) this.#cancel = clock.after(interval, () => void this.#beat());
  }

  async #body(): Promise<object> {
    const { options, identity, summarize } = this.#ground;
    const { server, service, pid } = identity;
    const data = options.summaries ? await summarize() : undefined;
    return {
      device_id: options.device,
      ip: ownAddress(),
      server,
      service,
      pid,
      // SRS has them as its API answers them.
      ...(data && { summaries: { data } }),
      ...(options.ports && this.#ports),
    };
  }

  /** Said once, and once when it is over. */
  #report(reason: string | undefined): void {
    const { log, options } = this.#ground;
    const isFailing = reason !== undefined;
    if (isFailing === this.#isFailing) return;
    this.#isFailing = isFailing;
    const fields = { url: shownUrl(options.url), reason };
    if (isFailing) log.warn(fields, 'the heartbeat is not taken');
    else log.info(fields, 'the heartbeat is taken again');
  }
}

/** As SRS writes them: the API is where HTTP is, unless it has an address of its own. */
function portsOf(addresses: Readonly<Record<string, BoundAddress>>): Readonly<Record<string, readonly string[]>> {
  const api = addresses['api'] ?? addresses['http'];
  const all: Readonly<Record<string, BoundAddress>> = { ...addresses, ...(api && { api }) };
  const present = PURPOSES.filter((purpose) => all[purpose] !== undefined);
  return Object.fromEntries(present.map((purpose) => [purpose, [String(all[purpose]!.port)]]));
}

/** The address of this machine: one that the internet routes, if it has any. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const usable = all.filter(({ internal, family }) => !internal && family === 'IPv4');
  const best = usable.find(({ address }) => !isInner(address, 'IPv4')) ?? usable[0];
  return best?.address ?? '127.0.0.1';
}
