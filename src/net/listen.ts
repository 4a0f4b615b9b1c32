import type { AddressInfo, Server } from 'node:net';
import type { ListenAddress } from '../config/values.ts';

/** Connections that may wait to be accepted: a join storm is no reason to refuse. */
const BACKLOG = 4096;

/** Where a server really listens. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** Starts listening; rejects with one plain sentence when the address cannot be had. */
export function listenOn(server: Server, address: ListenAddress): Promise<BoundAddress> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      reject(Object.assign(new Error(explain(error, address), { cause: error }), { code: error.code }));
    };
    server.once('error', fail);
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.off('error', fail);
      const { address: host, port } = server.address() as AddressInfo;
      resolve({ host, port });
    });
  });
}

function explain(error: NodeJS.ErrnoException, { host = '', port }: ListenAddress): string {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') return `cannot listen on ${where}: another program listens there already`;
  if (error.code === 'EACCES') return `cannot listen on ${where}: ports below 1024 need more rights`;
  return `cannot listen on ${where}: ${error.message}`;
}
