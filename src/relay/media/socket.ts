import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { RelayOptions } from '../../config/options.ts';
import { isGroup, type PushAddress } from '../../config/push.ts';
import type { ListenAddress } from '../../config/values.ts';
import { bindError } from '../../net/quic/reason.ts';
import { multicastInterface } from './interfaces.ts';

/** The kernel takes as much of it as it allows. */
const BUFFER = 4 * 1024 * 1024;

/** A socket that receives at an address; without a host at all, of IPv4 and IPv6. Rejects with one plain sentence when it cannot. */
export async function bindMedia({ host, port }: ListenAddress): Promise<Socket> {
  const socket = open(host !== undefined && !isIPv6(host) ? 'udp4' : 'udp6');
  try {
    await bind(socket, port, host);
    return quiet(socket);
  } catch (error) {
    socket.close();
    // A machine may have no IPv6 at all.
    if (host === undefined && (error as NodeJS.ErrnoException).code === 'EAFNOSUPPORT')
      return bindMedia({ host: '0.0.0.0', port });
    throw bindError(error as NodeJS.ErrnoException, host ?? '', port);
  }
}

/** A socket, at any port, that sends to one address and hears nobody else. Rejects when the host has no address. */
export async function connectMedia(host: string, port: number): Promise<Socket> {
  const { address, family } = await lookup(host);
  const socket = open(family === 6 ? 'udp6' : 'udp4');
  const connected = once(socket, 'connect');
  socket.connect(port, address);
  try {
    await connected;
    return quiet(socket);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** A socket, at any port, to send to a group or a machine. Rejects with one plain sentence when the interface is not there. */
export async function pushSocket(
  { host }: PushAddress,
  { interface: by, hops }: RelayOptions['multicast'],
): Promise<Socket> {
  const socket = open(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    await bind(socket, 0);
    if (!isGroup(host)) return socket;
    socket.setMulticastTTL(hops);
    if (by !== '') socket.setMulticastInterface(multicastInterface(by, familyOf(host)));
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** A socket that hears what is sent to a group, by an interface. Rejects when that cannot be joined. */
export async function joinGroup({ host, port }: PushAddress, by: string): Promise<Socket> {
  // Several programs of a machine, and links of one, may be in the same group.
  const socket = open(isIPv6(host) ? 'udp6' : 'udp4', true);
  try {
    // Bound to the group it hears nothing else that comes to the port.
    await bind(socket, port, host);
    socket.addMembership(host, multicastInterface(by, familyOf(host)));
    return quiet(socket);
  } catch (error) {
    socket.close();
    throw error;
  }
}

function familyOf(host: string): 4 | 6 {
  return isIPv6(host) ? 6 : 4;
}

async function bind(socket: Socket, port: number, host?: string): Promise<void> {
  const listening = once(socket, 'listening');
  socket.bind({ port, ...(host !== undefined && { address: host }), exclusive: true });
  await listening;
}

function open(type: SocketType, reuseAddr = false): Socket {
  // All hosts are addresses by now: Node would put off each datagram to look them up. So nothing is waited for either.
  const lookup = (host: string, ...[, done]: LookupRest) => done(null, host, type === 'udp6' ? 6 : 4);
  return createSocket({ type, reuseAddr, recvBufferSize: BUFFER, sendBufferSize: BUFFER, lookup: lookup as never });
}

type LookupRest = [options: unknown, done: (error: null, address: string, family: number) => void];

/** What cannot be sent is lost, as on any path: a peer that is not there (ICMP) is no reason to stop. */
function quiet(socket: Socket): Socket {
  return socket.on('error', () => {});
}
