import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import koffi from 'koffi';
import { loadFragmentForbidder } from './path-mtu.ts';

const library = koffi.load(null);
const getsockopt = library.func('int getsockopt(int, int, int, _Out_ int *, _Inout_ uint32_t *)');

/** IP_MTU_DISCOVER of a socket: 3 when it may send no fragments. */
function mtuDiscover(fd: number, level: number, name: number): number {
  const value = new Int32Array(1);
  assert.equal(getsockopt(fd, level, name, value, [4]), 0);
  return value[0]!;
}

const fdOf = (socket: object) => (socket as { _handle: { fd: number } })._handle.fd;
const udpFdOf = (socket: Socket) => {
  const state = Object.getOwnPropertySymbols(socket).map(
    (symbol) => (socket as never)[symbol] as { handle?: { fd: number } },
  );
  return state.find((each) => each?.handle)!.handle!.fd;
};

test('the UDP sockets of a port send no fragments, and other sockets stay as they are', async (t) => {
  if (process.platform !== 'linux') return t.skip('Linux alone');
  const [ipv4, ipv6, other] = [
    createSocket('udp4'),
    createSocket({ type: 'udp6', ipv6Only: true }),
    createSocket('udp4'),
  ];
  const tcp = createServer().listen(0, '127.0.0.1');
  t.after(() => [ipv4, ipv6, other, tcp].map((socket) => socket.close()));
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const bound = [ipv4.bind(port, '127.0.0.1'), ipv6.bind(port, '::1'), other.bind(0, '127.0.0.1')];
  await Promise.all(bound.map((socket) => once(socket, 'listening')));
  const [tcpBefore, otherBefore] = [mtuDiscover(fdOf(tcp), 0, 10), mtuDiscover(udpFdOf(other), 0, 10)];
  const forbid = await loadFragmentForbidder();
  forbid(port);
  assert.equal(mtuDiscover(udpFdOf(ipv4), 0, 10), 3);
  assert.equal(mtuDiscover(udpFdOf(ipv6), 41, 23), 3);
  assert.deepEqual([mtuDiscover(fdOf(tcp), 0, 10), mtuDiscover(udpFdOf(other), 0, 10)], [tcpBefore, otherBefore]);
  return undefined;
});
