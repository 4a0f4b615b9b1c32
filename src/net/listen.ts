import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import type { ListenAddress } from '../config/values.ts';

/** Connections that may wait to be accepted: a join storm is no reason to refuse. */
const BACKLOG = 4096;

/** Where a server really listens. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** An address that only one of a node's workers listens on; others are shared by all of them. */
export type ExclusiveAddress = ListenAddress & { readonly exclusive: true };

/** Starts listening; rejects with one plain sentence when the address cannot be had. */
export function listenOn(server: Server, address: ListenAddress | ExclusiveAddress): Promise<BoundAddress> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenError(error, whereOf(address)));
    server.once('error', fail);
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.off('error', fail);
      const { address: host, port } = server.address() as AddressInfo;
      resolve({ host, port });
    });
  });
}

/** Listens on a Unix socket, which must be in a folder where nobody else can come; what was there before is gone. */
export async function listenInside(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  const listening = once(server, 'listening');
  server.listen({ path, exclusive: true, backlog: BACKLOG });
  await listening;
}

function whereOf({ host = '', port }: ListenAddress): string {
  return `${host}:${port}`;
}

/** Why an address, as people write it, cannot be had: one plain sentence, with the code of the error. */
export function listenError(error: NodeJS.ErrnoException, where: string): Error {
  return Object.assign(new Error(`cannot listen on ${where}: ${explain(error)}`, { cause: error }), {
    code: error.code,
  });
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another program listens there already';
  if (code === 'EACCES') return 'ports below 1024 need more rights';
  return message;
}
