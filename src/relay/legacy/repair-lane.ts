import type { Duplex } from 'node:stream';
import { type Clock, MILLISECOND, SECOND } from '../../base/clock.ts';
import type { QuicConnection } from '../../net/quic.ts';
import type { Logger } from '../../ops/log.ts';
import { RepairConversation } from './wire/conversation.ts';
import type { RepairRequest } from './wire/repair.ts';

/** What a {@link RepairLane} needs. */
export interface LaneOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Connects to the cloud's repair service. */
  readonly dial: (signal: AbortSignal) => Promise<QuicConnection>;
  /** A packet that was asked for, and how long the reply took. */
  readonly onPacket: (packet: Uint8Array, took: number) => void;
}

/** The connection as far as it is there: its first stream is opened with the connection, the second one is the cloud's. */
interface Talk {
  readonly connection: QuicConnection;
  readonly requests: Duplex;
  readonly conversation: RepairConversation;
}

/** After so long without a reply another connection is tried. */
const PATIENCE = 2 * SECOND;
const SHORTEST_BACKOFF = 250 * MILLISECOND;
const LONGEST_BACKOFF = 5 * SECOND;

/**
 * One connection to the repair service, made when something is asked for and again when it was lost. A request goes out with
 * the connection's beginning: the original cloud fails over connections on which nothing is ever said.
 */
export class RepairLane {
  readonly #options: LaneOptions;
  readonly #stopping = new AbortController();
  #talk: Talk | undefined;
  #isDialing = false;
  #backoff = SHORTEST_BACKOFF;
  #dialFrom = Number.NEGATIVE_INFINITY;
  /** What was asked for last while nobody was there to be asked. */
  #pending: readonly RepairRequest[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#talk !== undefined;
  }

  /** Whether a reply is longer under way than it usually takes: what is asked for now waits behind it. */
  isBehind(usual: number): boolean {
    const now = this.#options.clock.now();
    const waited = now - (this.#talk?.conversation.waitingSince ?? now);
    // What is never answered ends the connection when it is used again.
    return waited > usual && waited <= PATIENCE;
  }

  /** Asks for packets, or connects in order to do so. */
  ask(requests: readonly RepairRequest[]): void {
    const now = this.#options.clock.now();
    if (this.#talk) this.#write(this.#talk, requests, now);
    else this.#pending = requests;
    if (!this.#talk && !this.#isDialing && now >= this.#dialFrom) void this.#connect();
  }

  close(): void {
    this.#stopping.abort();
    this.#talk?.connection.close();
  }

  #write({ connection, requests: stream, conversation }: Talk, requests: readonly RepairRequest[], now: number): void {
    const { waitingSince = now } = conversation;
    if (now - waitingSince > PATIENCE) return connection.close();
    for (const request of requests) {
      const bytes = conversation.request(request, now);
      if (bytes) stream.write(bytes);
    }
  }

  async #connect(): Promise<void> {
    const { clock, dial, log } = this.#options;
    this.#isDialing = true;
    try {
      const connection = await dial(this.#stopping.signal);
      this.#talk = await this.#begin(connection);
      this.#backoff = SHORTEST_BACKOFF;
      this.#isDialing = false;
      this.#write(this.#talk, this.#pending, clock.now());
      await connection.closed;
    } catch (error) {
      if (!this.#stopping.signal.aborted) log.debug({ reason: (error as Error).message }, 'no repair service');
    }
    this.#talk = undefined;
    this.#isDialing = false;
    this.#dialFrom = clock.now() + this.#backoff;
    this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF);
  }

  async #begin(connection: QuicConnection): Promise<Talk> {
    const { clock, onPacket } = this.#options;
    const conversation = new RepairConversation({ packet: onPacket });
    const guarded = (take: (bytes: Uint8Array, now: number) => void) => (bytes: Uint8Array) => {
      try {
        take(plain(bytes), clock.now());
      } catch {
        connection.close();
      }
    };
    connection.onStream = (packets) => {
      packets
        .on('error', () => {})
        .on(
          'data',
          guarded((bytes, now) => conversation.takePackets(bytes, now)),
        );
    };
    const requests = await connection.openStream();
    requests
      .on('error', () => {})
      .on(
        'data',
        guarded((bytes, now) => conversation.takeLengths(bytes, now)),
      );
    requests.once('close', () => connection.close());
    return { connection, requests, conversation };
  }
}

/** A Buffer's `slice` does not copy: pure code is given what does. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
