import { readdirSync } from 'node:fs';

const [SOL_SOCKET, SO_TYPE, SOCK_DGRAM] = [1, 3, 2];
const [AF_INET, AF_INET6] = [2, 10];
/** Level and name of the option that forbids fragments, by address family: <linux/in.h>, <linux/in6.h>. */
const MTU_DISCOVER: Readonly<Record<number, readonly [level: number, name: number]>> = {
  [AF_INET]: [0, 10],
  [AF_INET6]: [41, 23],
};
/** Sets DF, and lets probes go out that are larger than the path is known to take. */
const PMTUDISC_PROBE = 3;
const SIZE_OF_INT = 4;
/** sockaddr_in6 is the largest of the two. */
const SIZE_OF_ADDRESS = 28;

/** Forbids the UDP sockets of this process that are bound to a port to send IP fragments. */
export type FragmentForbidder = (localPort: number) => void;

/**
 * The library looks for the largest packet that the path takes, but leaves it to the kernel to cut what is larger into
 * fragments: it finds 16 KB on every path, and each packet then dies with the first of its dozen fragments. With DF set it
 * finds what the path really takes. Linux only, and only where the optional package `koffi` is; elsewhere nothing is done.
 */
export async function loadFragmentForbidder(): Promise<FragmentForbidder> {
  if (process.platform !== 'linux') return () => {};
  try {
    return await bindForbidder();
  } catch {
    return () => {};
  }
}

async function bindForbidder(): Promise<FragmentForbidder> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const getsockname = library.func('int getsockname(int, _Out_ uint8_t *, _Inout_ uint32_t *)');
  const getsockopt = library.func('int getsockopt(int, int, int, _Out_ int *, _Inout_ uint32_t *)');
  const setsockopt = library.func('int setsockopt(int, int, int, const int *, uint32_t)');
  const address = new DataView(new ArrayBuffer(SIZE_OF_ADDRESS));
  const type = new Int32Array(1);
  const isDatagram = (fd: number) =>
    getsockopt(fd, SOL_SOCKET, SO_TYPE, type, [SIZE_OF_INT]) === 0 && type[0] === SOCK_DGRAM;
  const isBoundTo = (fd: number, port: number) =>
    getsockname(fd, new Uint8Array(address.buffer), [SIZE_OF_ADDRESS]) === 0 && address.getUint16(2) === port;
  return (localPort) => {
    for (const fd of readdirSync('/proc/self/fd').map(Number)) {
      if (!isBoundTo(fd, localPort) || !isDatagram(fd)) continue;
      const option = MTU_DISCOVER[address.getUint16(0, true)];
      if (option) setsockopt(fd, ...option, Int32Array.of(PMTUDISC_PROBE), SIZE_OF_INT);
    }
  };
}
