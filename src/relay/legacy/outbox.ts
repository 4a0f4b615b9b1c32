import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { type Clock, MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Logger } from '../../ops/log.ts';
import type { Destination } from './options.ts';

/** What an {@link Outbox} needs. */
export interface OutboxOptions {
  readonly destinations: readonly Destination[];
  readonly multicastInterface: string;
  readonly multicastHops: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** So many packets may leave at once, and what waits leaves within so many turns of a millisecond each. */
const BURST = 8;
const TURNS = 8;
const TURN = 1 * MILLISECOND;
/** More than this waits only if the kernel takes nothing: the oldest go. */
const MOST_WAITING = 50_000;
/** How often a name that could not be resolved is tried again. */
const RETRY = 10 * SECOND;

/** A destination as the socket wants it. */
interface Target {
  readonly address: string;
  readonly port: number;
}

/**
 * Sends the same packets to every destination, spread over some milliseconds: a key frame at once would be more than an
 * edge's socket buffer of 100 KB holds. Whether anybody listens there makes no difference.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #socket: Socket;
  readonly #targets: Target[] = [];
  readonly #failing = new Set<string>();
  readonly #stopRetries: (() => void)[] = [];
  #waiting: Uint8Array[] = [];
  /** How many leave in a turn, until none waits. */
  #count = BURST;
  #cancelTurn: (() => void) | undefined;
  #isClosed = false;

  private constructor(options: OutboxOptions) {
    this.#options = options;
    // Addresses are looked up once, not for each packet.
    this.#socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) });
    this.#socket.on('error', (error) => options.log.warn({ reason: error.message }, 'the legacy link cannot send'));
  }

  /** Rejects when the multicast interface is none of this machine. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const outbox = new Outbox(options);
    const socket = outbox.#socket;
    // As the lookup is, so is the binding: done at once.
    const listening = once(socket, 'listening');
    socket.bind({ port: 0, exclusive: true });
    await listening;
    socket.setMulticastTTL(options.multicastHops);
    if (options.multicastInterface !== '') socket.setMulticastInterface(options.multicastInterface);
    await Promise.all(options.destinations.map((destination) => outbox.#resolve(destination)));
    return outbox;
  }

  /** Sends a packet in its turn. Its memory must not change any more. */
  send(packet: Uint8Array): void {
    this.#waiting.push(packet);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.splice(0, MOST_WAITING / 2);
    this.#cancelTurn ??= this.#options.clock.after(0, () => this.#turn());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTurn?.();
    for (const stop of this.#stopRetries) stop();
    this.#socket.close();
  }

  #turn(): void {
    this.#count = Math.max(this.#count, Math.ceil(this.#waiting.length / TURNS));
    for (const packet of this.#waiting.splice(0, this.#count)) {
      for (const target of this.#targets) this.#write(packet, target);
    }
    if (this.#waiting.length === 0) this.#count = BURST;
    this.#cancelTurn = this.#waiting.length === 0 ? undefined : this.#options.clock.after(TURN, () => this.#turn());
  }

  #write(packet: Uint8Array, { address, port }: Target): void {
    this.#socket.send(packet, port, address, (error) => {
      if (error) this.#fail(`${address}:${port}`, error);
      else this.#failing.delete(`${address}:${port}`);
    });
  }

  /** Told once, until a packet leaves again. */
  #fail(destination: string, error: Error): void {
    if (this.#failing.has(destination) || this.#isClosed) return;
    this.#failing.add(destination);
    this.#options.log.warn({ destination, reason: error.message }, 'packets of the legacy link cannot be sent');
  }

  async #resolve({ host, port }: Destination): Promise<void> {
    try {
      const address = isIPv4(host) ? host : (await lookup(host, 4)).address;
      this.#targets.push({ address, port });
    } catch (error) {
      if (this.#isClosed) return;
      this.#fail(`${host}:${port}`, error as Error);
      this.#stopRetries.push(this.#options.clock.after(RETRY, () => void this.#resolve({ host, port })));
    }
  }
}
