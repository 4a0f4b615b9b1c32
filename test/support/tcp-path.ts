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

/** Opens a way to a port of this machine, which takes so many milliseconds in either direction. */
export async function openTcpPath(owner: Owner, target: number, delay = 0): Promise<TcpPath> {
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
    carry(near, far, delay);
    carry(far, near, delay);
    near.on('close', () => setTimeout(() => far.destroy(), delay));
    far.on('close', () => setTimeout(() => near.destroy(), delay));
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

/** Has all that comes from one socket go out at another one, after a while. */
function carry(from: Socket, to: Socket, delay: number): void {
  if (delay === 0) from.pipe(to);
  else from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), delay));
}
