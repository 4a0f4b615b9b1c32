import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Random } from '../fuzz/random.ts';
import type { Owner } from './until.ts';

/** What a path does to UDP datagrams in one direction. What is not given does not happen. */
export interface Impairment {
  /** Share of datagrams that are lost, from 0 to 1. */
  readonly loss?: number;
  /** How many are lost in a row, on average; 1 is independent loss. */
  readonly burst?: number;
  /** Milliseconds that each takes. */
  readonly delay?: number;
  /** Up to so many milliseconds more, at random; the order is kept. */
  readonly jitter?: number;
  /** Share of datagrams that are held back by a further `reorderBy` milliseconds, so that others overtake them. */
  readonly reorder?: number;
  readonly reorderBy?: number;
  /** Share of datagrams that arrive twice. */
  readonly duplicate?: number;
  /** Bits per second, headers of IP and UDP included; what comes faster waits in a queue. */
  readonly rate?: number;
  /** How many bytes that queue takes before the rest is dropped. */
  readonly queue?: number;
  /** The largest UDP payload that comes through; a path with an MTU of 1500 takes 1472. */
  readonly largest?: number;
}

/** What happened in one direction, in datagrams. */
export interface Traffic {
  arrived: number;
  /** UDP payloads that arrived, in bytes. */
  bytes: number;
  lost: number;
  /** Dropped because the queue was full. */
  overflowed: number;
  tooLarge: number;
  /** The largest that came through, in bytes. */
  largest: number;
}

/** A UDP relay that is the bad path between clients and one server. */
export interface LossyRelay {
  readonly port: number;
  /** From the clients to the server. */
  readonly up: Direction;
  readonly down: Direction;
  /** Is shown every datagram before anything happens to it. */
  spy?: (direction: 'up' | 'down', bytes: Uint8Array) => void;
  /** From now on the server sees the clients at other ports, as when a NAT forgets them; the old ones lead nowhere. */
  rebind(): void;
  /** Sends the clients something as if it came from the server. */
  inject(bytes: Uint8Array): void;
  close(): void;
}

const HEADERS = 28;
const DEFAULT_QUEUE = 128 * 1024;
const SOCKET_BUFFER = 4 * 1024 * 1024;

interface Waiting {
  readonly due: number;
  readonly send: () => void;
}

/** One direction of a path. The same seed makes the same decisions. */
export class Direction {
  readonly traffic: Traffic = { arrived: 0, bytes: 0, lost: 0, overflowed: 0, tooLarge: 0, largest: 0 };
  /** May be changed at any time. */
  impairment: Impairment;
  readonly #random: Random;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isInBurst = false;
  /** When the last bit of what is queued leaves the bottleneck. */
  #idleFrom = 0;
  #newest = 0;

  constructor(seed: number, impairment: Impairment = {}) {
    this.#random = new Random(seed);
    this.impairment = impairment;
  }

  /** Takes a datagram of `size` bytes; `send` is called when it comes out at the other end, if it does. */
  pass(size: number, send: () => void): void {
    const { traffic } = this;
    traffic.arrived++;
    traffic.bytes += size;
    if (size > (this.impairment.largest ?? Number.POSITIVE_INFINITY)) traffic.tooLarge++;
    else if (this.#loses()) traffic.lost++;
    else this.#queue(size, send);
  }

  /** Forgets what is under way. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #queue(size: number, send: () => void): void {
    const leaves = this.#leaves(size);
    if (leaves === undefined) {
      this.traffic.overflowed++;
      return;
    }
    this.traffic.largest = Math.max(this.traffic.largest, size);
    this.#schedule({ due: this.#arrives(leaves), send });
    if (this.#happens(this.impairment.duplicate)) this.#schedule({ due: this.#arrives(leaves), send });
  }

  /** When a datagram has left the bottleneck; `undefined` when its queue is full. */
  #leaves(size: number): number | undefined {
    const { rate, queue = DEFAULT_QUEUE } = this.impairment;
    const now = performance.now();
    if (rate === undefined) return now;
    const from = Math.max(now, this.#idleFrom);
    if (((from - now) * rate) / 8000 > queue) return undefined;
    this.#idleFrom = from + ((size + HEADERS) * 8000) / rate;
    return this.#idleFrom;
  }

  #arrives(leaves: number): number {
    const { delay = 0, jitter = 0, reorder, reorderBy = 10 } = this.impairment;
    const arrives = leaves + delay + jitter * this.#share();
    if (this.#happens(reorder)) return arrives + reorderBy;
    this.#newest = Math.max(this.#newest, arrives);
    return this.#newest;
  }

  /** Bursts by a chain of two states: all or nothing is lost (Gilbert). */
  #loses(): boolean {
    const { loss = 0, burst = 1 } = this.impairment;
    if (burst <= 1) return this.#happens(loss);
    const begins = loss / (burst * (1 - loss));
    this.#isInBurst = this.#isInBurst ? !this.#happens(1 / burst) : this.#happens(begins);
    return this.#isInBurst;
  }

  #happens(share = 0): boolean {
    return share > 0 && this.#share() < share;
  }

  #share(): number {
    return this.#random.below(2 ** 32) / 2 ** 32;
  }

  #schedule(waiting: Waiting): void {
    if (this.#waiting.length === 0 && waiting.due <= performance.now()) {
      waiting.send();
      return;
    }
    const behind = this.#waiting.findLastIndex(({ due }) => due <= waiting.due);
    this.#waiting.splice(behind + 1, 0, waiting);
    if (behind < 0) this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const first = this.#waiting[0];
    if (first) this.#timer = setTimeout(() => this.#deliver(), Math.max(0, first.due - performance.now()));
  }

  #deliver(): void {
    const now = performance.now();
    let count = 0;
    while (this.#waiting[count] !== undefined && this.#waiting[count]!.due <= now) count++;
    for (const { send } of this.#waiting.splice(0, count)) send();
    this.#wait();
  }
}

/** Opens a relay on loopback to a UDP port of loopback; both directions are impaired alike until they are told otherwise. */
export async function openLossyRelay(
  owner: Owner,
  target: number,
  options: Impairment & { readonly seed?: number } = {},
): Promise<LossyRelay> {
  const { seed = 1, ...impairment } = options;
  const [up, down] = [new Direction(2 * seed, impairment), new Direction(2 * seed + 1, impairment)];
  const front = await bind();
  const backs = new Map<string, Promise<Socket>>();
  const openBack = async (client: RemoteInfo): Promise<Socket> => {
    const back = await bind();
    return back.on('message', (bytes) => {
      relay.spy?.('down', bytes);
      down.pass(bytes.length, () => send(front, bytes, client.port));
    });
  };
  front.on('message', (bytes, client) => {
    relay.spy?.('up', bytes);
    const back = backs.get(`${client.port}`) ?? openBack(client);
    backs.set(`${client.port}`, back);
    up.pass(bytes.length, () => void back.then((socket) => isOpen(socket) && send(socket, bytes, target)));
  });
  const rebind = (): void => {
    for (const back of backs.values()) void back.then((socket) => socket.close());
    backs.clear();
  };
  const inject = (bytes: Uint8Array): void => {
    for (const client of backs.keys()) send(front, bytes, Number(client));
  };
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    for (const direction of [up, down]) direction.close();
    front.close();
    rebind();
  };
  owner.after(close);
  const relay: LossyRelay = { port: front.address().port, up, down, rebind, inject, close };
  return relay;
}

function isOpen(socket: Socket): boolean {
  try {
    return socket.address().port > 0;
  } catch {
    return false;
  }
}

async function bind(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: SOCKET_BUFFER, sendBufferSize: SOCKET_BUFFER });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

function send(socket: Socket, bytes: Uint8Array, port: number): void {
  // What cannot be sent is lost, as on any path.
  socket.send(bytes, port, '127.0.0.1', () => {});
}
