import type { Server, Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import type { ListenAddress } from '../config/values.ts';
import type { Admission } from './admission.ts';
import { type BoundAddress, type ExclusiveAddress, listenOn } from './listen.ts';

/** The listening servers of a module, and every connection that came to them. */
export class Listeners {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** Has a server listen to those who are admitted. Rejects with one plain sentence when the address cannot be had. */
  open(server: Server, address: ListenAddress | ExclusiveAddress, admission: Admission): Promise<BoundAddress> {
    this.#servers.push(server);
    // Before the server itself has read a byte.
    server.prependListener('connection', (socket: Socket) => {
      if (!admission.admit(socket)) return;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    return listenOn(server, address);
  }

  /** Listens no more and closes all connections, after what was just written to them. */
  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    // Sessions that were told to end still have their good-bye to write.
    await immediate();
    for (const socket of this.#sockets) socket.destroySoon();
  }
}
