import type { Socket } from 'node:net';
import type { Logger } from '../ops/log.ts';

/** Level and name of the option, by platform: <netinet/tcp.h> of Linux and of macOS. */
const TCP_NOTSENT_LOWAT: Readonly<Record<string, readonly [level: number, name: number]>> = {
  linux: [6, 25],
  darwin: [6, 0x201],
};
const SIZE_OF_INT = 4;

/** Limits what the kernel holds unsent for a socket. */
export type UnsentLimiter = (socket: Socket) => void;

/**
 * A way to keep the kernel from taking megabytes for a viewer who does not read: TCP_NOTSENT_LOWAT, which Node has no word for.
 * It needs the optional package `koffi`; without it (`undefined`) a slow viewer is bounded by the kernel's send buffer,
 * usually up to 4 MB, besides the window.
 */
export async function loadUnsentLimiter(bytes: number, log: Logger): Promise<UnsentLimiter | undefined> {
  const option = TCP_NOTSENT_LOWAT[process.platform];
  if (bytes === 0 || !option) return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(process.platform === 'darwin' ? 'libSystem.dylib' : null);
    const setsockopt = library.func('int setsockopt(int, int, int, const int *, uint32_t)');
    const value = Int32Array.of(bytes);
    return (socket) => {
      const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd;
      if (fd !== undefined && fd >= 0) setsockopt(fd, ...option, value, SIZE_OF_INT);
    };
  } catch (error) {
    log.info({ reason: (error as Error).message }, 'without koffi the kernel alone bounds what waits for slow viewers');
    return undefined;
  }
}
