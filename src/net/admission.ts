import type { Socket } from 'node:net';
import type { Headcount } from './headcount.ts';
import type { MemoryWatch } from './memory.ts';

/** When an {@link Admission} lets nobody in any more; over all workers of a node. */
export interface AdmissionOptions {
  /** Connections in all, and from one address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/** Counts connections over all listeners and turns away what is beyond the limits, before a byte is read. */
export class Admission {
  /** Connections turned away so far. */
  refused = 0;
  /** Is given every connection that is let in. */
  prepare: (socket: Socket) => void = () => {};
  readonly #options: AdmissionOptions;
  readonly #memory: Pick<MemoryWatch, 'isFull'>;
  readonly #headcount: Headcount;

  constructor(options: AdmissionOptions, memory: Pick<MemoryWatch, 'isFull'>, headcount: Headcount) {
    this.#options = options;
    this.#memory = memory;
    this.#headcount = headcount;
  }

  /** Connections of this process at present. */
  get total(): number {
    return this.#headcount.own;
  }

  /** Counts a connection until it closes; one too many is destroyed, and the answer is false. */
  admit(socket: Socket): boolean {
    const address = addressOf(socket);
    const headcount = this.#headcount;
    const { connections, connectionsPerAddress } = this.#options;
    const isFull = headcount.total >= connections || headcount.from(address) >= connectionsPerAddress;
    if (isFull || this.#memory.isFull) {
      this.refused++;
      socket.destroy();
      return false;
    }
    headcount.enter(address);
    socket.once('close', () => headcount.leave(address));
    this.prepare(socket);
    return true;
  }
}

/** The peer's IP address; IPv4 in its own form even where the socket is an IPv6 one. */
export function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
