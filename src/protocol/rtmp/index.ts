import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { z } from 'zod';
import { MILLISECOND } from '../../base/clock.ts';
import type { Context, Module } from '../../module.ts';
import { addressOf } from '../../net/admission.ts';
import { hangUp } from '../../net/hang-up.ts';
import { LASTING } from '../../net/lasting.ts';
import type { BoundAddress } from '../../net/listen.ts';
import { Listeners } from '../../net/listeners.ts';
import { serve } from '../../net/serve.ts';
import { rtmpDialer } from './client.ts';
import { Connection } from './connection.ts';
import type { rtmpOptions } from './options.ts';
import { RtmpSession } from './session.ts';

/** Takes streams by RTMP and RTMPS from encoders, and plays them to RTMP players. */
export function rtmp(options: z.output<typeof rtmpOptions>): Module {
  const listeners = new Listeners();
  return {
    name: 'rtmp',
    async start(context) {
      const addresses: Record<string, BoundAddress> = {};
      const dialer = rtmpDialer(context);
      for (const scheme of ['rtmp', 'rtmps']) context.dialers.add(scheme, dialer);
      if (options.listen) {
        const server = createServer(LASTING, (socket) => void talk(context, socket, 'rtmp'));
        addresses.rtmp = await listeners.open(server, options.listen, context.admission);
      }
      if (options.listenTls) {
        if (!context.tls) throw new Error('rtmp.listenTls needs a certificate under tls.certificates');
        const handshakeTimeout = context.config.limits.handshake / MILLISECOND;
        const settings = { ...context.tls.serverOptions(), ...LASTING, handshakeTimeout };
        const server = createTlsServer(settings, (socket) => void talk(context, socket, 'rtmps'));
        // Node itself does not close one whose handshake takes too long.
        server.on('tlsClientError', (_, socket) => socket.destroy());
        context.tls.keepCurrent(server);
        addresses.rtmps = await listeners.open(server, options.listenTls, context.admission);
      }
      return addresses;
    },
    stop: () => listeners.close(),
  };
}

/** One connection from its first byte to its last. */
async function talk(context: Context, socket: Socket, protocol: string): Promise<void> {
  // Closed by admission before it began, or by its peer.
  if (socket.destroyed) return;
  const remote = addressOf(socket);
  await serve(context, { protocol, remote }, async (serving) => {
    const connection = new Connection(socket, () => session.begin());
    const session = new RtmpSession(context, serving, connection, remote);
    serving.signal.addEventListener('abort', () => connection.fail(serving.signal.reason), { once: true });
    const count = (bytes: number) => {
      serving.session.bytesIn += bytes;
    };
    await connection
      .run((message) => session.handle(message), count)
      .catch((reason: unknown) => {
        serving.end(reason);
        session.close(reason);
        throw reason;
      });
  });
  hangUp(socket);
  // Its end is only noticed while it is read.
  socket.resume();
}
