import type { Socket } from 'node:net';

/** When an {@link Admission} lets nobody in any more. */
export interface AdmissionOptions {
  /** Connections in all, and from one address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Nobody new is let in while the process holds more resident memory than this, in bytes. */
  readonly memory: number;
}

/** How often the memory in use is looked at, in milliseconds. */
const LOOK_EVERY = 500;

/** Counts connections over all listeners and turns away what is beyond the limits, before a byte is read. */
export class Admission {
  /** Connections turned away so far. */
  refused = 0;
  /** Is given every connection that is let in. */
  prepare: (socket: Socket) => void = () => {};
  readonly #options: AdmissionOptions;
  readonly #perAddress = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #total = 0;
  #isMemoryFull = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const look = () => {
      this.#isMemoryFull = !hasMemory(options.memory);
    };
    this.#timer = setInterval(look, LOOK_EVERY).unref();
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
    if (this.#total >= connections || present >= connectionsPerAddress || this.#isMemoryFull) {
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

  close(): void {
    clearInterval(this.#timer);
  }

  #leave(address: string): void {
    this.#total--;
    const left = this.#perAddress.get(address)! - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}

/** Finding out takes a file descriptor: when there is none, nobody more can be let in either. */
function hasMemory(most: number): boolean {
  try {
    return process.memoryUsage.rss() <= most;
  } catch {
    return false;
  }
}

/** The peer's IP address; IPv4 in its own form even where the socket is an IPv6 one. */
export function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
