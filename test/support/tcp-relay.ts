import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Owner } from './until.ts';

/** A port of loopback through which only TCP gets to another one. */
export interface TcpRelay {
  readonly port: number;
  /** Breaks all connections off; new ones come through. */
  cut(): void;
}

/** Opens one. */
export async function passTcp(owner: Owner, to: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const server = createServer((socket) => {
    const onward = connect({ port: to, host: '127.0.0.1' });
    for (const each of [socket, onward]) sockets.add(each.on('error', () => {}));
    socket.pipe(onward).pipe(socket);
  });
  owner.after(() => {
    cut();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, cut };
}
