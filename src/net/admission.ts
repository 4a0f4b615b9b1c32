import type { Socket } from 'node:net';
import type { MemoryWatch } from './memory.ts';

/** When an {@link Admission} lets nobody in any more. */
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
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(options: AdmissionOptions, memory: Pick<MemoryWatch, 'isFull'>) {
    this.#options = options;
    this.#memory = memory;
  }

  /** Connections at present. */
  get total(): number {
    return this.#total;
  }

  /** Counts a connection until it closes; one too many is destroyed, and the answer is false. */
  admit(socket: Socket): boolean {
    const address = addressOf(socket);
    const present = this.#perAddress.get(address) ?? 0;
    const { connections, connectionsPerAddress } = this.#options;
    if (this.#total >= connections || present >= connectionsPerAddress || this.#memory.isFull) {
      this.refused++;
      socket.destroy();
      return false;
    }
    this.#total++;
    this.#perAddress.set(address, present + 1);
    socket.once('close', () => this.#leave(address));
    this.prepare(socket);
    return true;
  }

  #leave(address: string): void {
    this.#total--;
    const left = this.#perAddress.get(address)! - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}

/** The peer's IP address; IPv4 in its own form even where the socket is an IPv6 one. */
export function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
