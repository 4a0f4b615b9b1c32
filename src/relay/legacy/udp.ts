import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { ListenAddress } from '../../config/values.ts';

/** The kernel takes as much of it as it allows. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** A socket that receives at an address, or what is sent to a group. Rejects with one plain sentence when it cannot. */
export async function receiveAt(
  { host = '0.0.0.0', port }: ListenAddress,
  multicastInterface: string,
): Promise<Socket> {
  const isGroup = isMulticast(host);
  const socket = createSocket({ type: 'udp4', reuseAddr: isGroup, recvBufferSize: RECEIVE_BUFFER });
  try {
    // Bound to the group the socket hears nothing else that comes to the port.
    socket.bind({ port, address: host, exclusive: true });
    await once(socket, 'listening');
    if (isGroup) socket.addMembership(host, multicastInterface || undefined);
    return socket;
  } catch (error) {
    socket.close();
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another program listens there already' : message;
    throw Object.assign(new Error(`cannot receive at ${host}:${port} (UDP): ${reason}`, { cause: error }), { code });
  }
}

/** Whether an IPv4 address is that of a group (RFC 5771: 224.0.0.0/4). */
export function isMulticast(host: string): boolean {
  const first = Number(/^(\d{1,3})\./.exec(host)?.[1]);
  return first >= 224 && first <= 239;
}
