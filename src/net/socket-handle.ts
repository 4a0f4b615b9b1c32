import type { Socket } from 'node:net';

/** Node's own way to a socket's readiness. It is no public interface: where it is missing, sockets are read all the time. */
interface Handle {
  reading?: boolean;
  readStop?(): void;
  readStart?(): void;
}

/** The handle by which reading can be stopped and begun again; undefined where that is not possible. */
export function handleOf(socket: Socket): Required<Handle> | undefined {
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  return handle?.readStop && handle.readStart ? (handle as Required<Handle>) : undefined;
}
