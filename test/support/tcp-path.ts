import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Owner } from './until.ts';

/** A way to a server by TCP that can be cut. */
export interface TcpPath {
  readonly port: number;
  /** Breaks all connections off; new ones come through. */
  breakOff(): void;
  /** From now on nothing comes through, and nobody is told. */
  cut(): void;
  /** Who connects from now on comes through again; the connections from before are broken. */
  mend(): void;
}

/** Opens a way to a port of this machine. */
export async function openTcpPath(owner: Owner, target: number): Promise<TcpPath> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (isCut) return;
    const far = connect({ port: target, host: '127.0.0.1' });
    keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  owner.after(() => {
    server.close();
    breakAll();
  });
  return {
    port: (server.address() as AddressInfo).port,
    breakOff: breakAll,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      isCut = false;
      breakAll();
    },
  };
}
