import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { QuicClientSession } from '@currentspace/http3';
import { RefusedError } from '../../base/errors.ts';

/** The QUIC library, as far as it is used here. */
export type Library = Pick<typeof import('@currentspace/http3'), 'connectQuic' | 'createQuicServer'>;

const NAME = '@currentspace/http3';
let library: Promise<Library> | undefined;

/** Loads the library at the first call, or rejects with a {@link RefusedError} that says why there is no QUIC here. */
export function loadLibrary(): Promise<Library> {
  library ??= load();
  return library;
}

async function load(): Promise<Library> {
  try {
    // The library itself looks for its binary no earlier than at the first connection.
    const require = createRequire(import.meta.url);
    require(join(dirname(require.resolve(NAME)), '..', 'index.js'));
    return await import('@currentspace/http3');
  } catch (error) {
    throw new RefusedError('unsupported', `QUIC is not available on this machine: ${(error as Error).message}`);
  }
}

/** The UDP port from which a session is sent; 0 when it has no socket. The library keeps it for itself. */
export function localPortOf(session: QuicClientSession): number {
  const { _eventLoop: loop } = session as unknown as { _eventLoop?: { worker?: { localAddress(): { port: number } } } };
  return loop?.worker?.localAddress().port ?? 0;
}
