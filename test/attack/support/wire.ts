import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection to the server under attack, whose end can be waited for. Its errors are the attack's business, so they are dropped. */
export class Wire {
  readonly socket: Socket;
  /** Resolves when the server has closed its side, or cut the connection. */
  readonly ended: Promise<void>;
  /** How many bytes have come back. */
  received = 0;
  #isEnded = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    const end = () => {
      this.#isEnded = true;
      resolve();
    };
    socket.on('data', (bytes: Uint8Array) => (this.received += bytes.length));
    socket.on('error', end);
    socket.once('end', end);
    socket.once('close', end);
  }

  /** Connects, from another address of this machine if one is given. */
  static async open(port: number, localAddress = '127.0.0.1'): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Writes and, where the server does not take it, waits until it does or ends. */
  async send(bytes: Uint8Array | string): Promise<void> {
    if (this.#isEnded || this.socket.destroyed || this.socket.write(bytes)) return;
    const drained = new Promise<void>((resolve) => this.socket.once('drain', resolve));
    await Promise.race([drained, this.ended]);
  }

  /** Whether the server ends the connection within so many milliseconds. */
  async endsWithin(patience: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), patience);
    void this.ended.then(() => resolve(true));
    return promise.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.socket.destroy();
  }
}
