import type { IncomingHttpHeaders } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { addressOf } from './admission.ts';

/** Who sent a request, whether it came here or to another worker of this node. */
export interface HttpPeer {
  /** Its IP address. */
  readonly remote: string;
  readonly isEncrypted: boolean;
}

const HEADER = 'headwater-peer';
/** Connections by which other workers hand requests on. Nobody else can come that way, so what they tell of the peer is true. */
const inner = new WeakSet<Socket>();

/** Has a server, to which only the other workers of this node can connect, believe what they tell of the peer. */
export function believePeers(server: Server): Server {
  return server.prependListener('connection', (socket: Socket) => inner.add(socket));
}

/** Who sent a request. */
export function peerOf({ socket, headers }: { socket: Socket; headers?: IncomingHttpHeaders }): HttpPeer {
  const told = inner.has(socket) ? headers?.[HEADER] : undefined;
  if (typeof told === 'string') return JSON.parse(told) as HttpPeer;
  return { remote: addressOf(socket), isEncrypted: (socket as Partial<TLSSocket>).encrypted === true };
}

/** What tells another worker who sent a request. */
export function peerHeader({ remote, isEncrypted }: HttpPeer): Record<string, string> {
  return { [HEADER]: JSON.stringify({ remote, isEncrypted }) };
}
