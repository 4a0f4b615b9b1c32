import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Decoder, type Parser } from '../../src/base/decoder.ts';
import { PUBLISHER_LIMITS, readChunks } from '../../src/protocol/rtmp/wire/chunk-reader.ts';
import { encodeMessage } from '../../src/protocol/rtmp/wire/chunk-writer.ts';
import { type Command, readCommand } from '../../src/protocol/rtmp/wire/command.ts';
import { serverHandshake } from '../../src/protocol/rtmp/wire/handshake.ts';
import { MessageType, type RtmpMessage } from '../../src/protocol/rtmp/wire/message.ts';
import { connectResult, createStreamResult } from '../../src/protocol/rtmp/wire/reply.ts';
import type { Owner } from './until.ts';

/** What a server says to a command: on the connection, as often as it likes. */
export type Answer = (command: Command, say: (payload: Uint8Array) => void, socket: Socket) => void;

const crypto = { hmacSha256: () => new Uint8Array(32), random: (length: number) => new Uint8Array(length).fill(7) };

/** Starts a TCP server that does to every connection what it is told; resolves to its port. */
export async function startFar(owner: Owner, serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owner.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** An RTMP server that shakes hands and answers commands as it is told. */
export function rtmpServer(answer: Answer): (socket: Socket) => void {
  return (socket) => {
    const say = (payload: Uint8Array) => {
      const message = { chunkStreamId: 3, type: MessageType.commandAmf0, streamId: 0, timestamp: 0, payload };
      socket.write(encodeMessage(message, 128));
    };
    const decoder = new Decoder(protocol(socket));
    socket.on('data', (bytes) => {
      decoder.push(bytes as Buffer);
      for (let message = decoder.next(); message; message = decoder.next()) {
        const command = readCommand(message);
        if (command) answer(command, say, socket);
      }
    });
  };
}

/** Answers as one should up to `publish` and `play`; these are left to `then`. */
export function obliging(then: (command: Command, socket: Socket) => void): (socket: Socket) => void {
  return rtmpServer((command, say, socket) => {
    if (command.name === 'connect') say(connectResult(command.transactionId, command.object));
    else if (command.name === 'createStream') say(createStreamResult(command.transactionId, 1));
    else then(command, socket);
  });
}

function* protocol(socket: Socket): Parser<RtmpMessage> {
  yield* serverHandshake(crypto, (bytes) => void socket.write(bytes));
  yield* readChunks(PUBLISHER_LIMITS);
}
