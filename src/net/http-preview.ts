import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Has the server serve a connection, as if nothing had been read but what was answered; `bytes` come next. */
export type Pass = (socket: Socket, bytes: Buffer) => void;

/** Looks at what a connection says first; true when it serves the connection itself, as far as it does not `pass` it later. */
type Preview = (socket: Socket, bytes: Buffer, pass: Pass) => boolean;

/**
 * Has `preview` see what each HTTP/1 connection to a server of node:http or node:http2 says first. The server gets the
 * connections that it does not take, as if nothing had been read. One that says nothing is closed after `patience` milliseconds.
 */
export function previewConnections(server: Server, patience: number, preview: Preview): void {
  const event = 'setSecureContext' in server ? 'secureConnection' : 'connection';
  const [serve] = server.listeners(event) as [(this: Server, socket: Socket) => void];
  server.off(event, serve);
  const pass: Pass = (socket, bytes) => {
    socket.unshift(bytes);
    serve.call(server, socket);
  };
  server.on(event, (socket: Socket) => {
    if ((socket as TLSSocket).alpnProtocol === 'h2') serve.call(server, socket);
    else if (!socket.destroyed)
      firstBytes(socket, patience, (bytes) => {
        if (!preview(socket, bytes, pass)) pass(socket, bytes);
      });
  });
}

/** Waits for something to read. A connection that ends before, fails, or takes too long, is destroyed. */
function firstBytes(socket: Socket, patience: number, use: (bytes: Buffer) => void): void {
  const giveUp = () => socket.destroy();
  socket.on('error', giveUp).setTimeout(patience, giveUp);
  socket.once('readable', () => {
    const bytes = socket.read() as Buffer | null;
    if (!bytes) return giveUp();
    socket.off('error', giveUp).setTimeout(0, giveUp);
    use(bytes);
  });
}
