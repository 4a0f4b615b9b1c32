/**
 * One end of a TCP connection that sends as much as it can: `greedy-main.ts receive PORT` or `greedy-main.ts send PORT HOST`. Prints a
 * line of JSON when it listens or is connected, and one with the bytes received so far for every line that it reads; it ends with
 * its input.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const PIECE = new Uint8Array(64 * 1024);

const [role, port, host] = process.argv.slice(2) as [string, string, string];
let bytes = 0;
if (role === 'receive') {
  const server = createServer((socket) => socket.on('data', ({ length }: Uint8Array) => (bytes += length)));
  await once(server.listen(Number(port), '0.0.0.0'), 'listening');
} else {
  const socket = connect({ port: Number(port), host });
  await once(socket, 'connect');
  const fill = (): void => {
    while (socket.write(PIECE));
  };
  socket.on('drain', fill);
  fill();
}
const tell = (): void => console.log(JSON.stringify({ bytes }));
tell();
createInterface(process.stdin)
  .on('line', tell)
  .on('close', () => process.exit());
