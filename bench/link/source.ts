/**
 * The publishers of `live/stream0`, `live/stream1`, …, in a process of their own: `source.ts KILOBITS PORT COUNT`. Prints a line of
 * JSON when all publish, and one with the bytes sent so far for every line that it reads; it ends with its input.
 */
import { createInterface } from 'node:readline';
import { Publisher, publish, writeScript } from '../publisher.ts';
import { linkClip } from './clip.ts';

const ROUND_MILLISECONDS = 1;

const [kilobits, port, count] = process.argv.slice(2).map(Number) as [number, number, number];
const publishers: Publisher[] = [];
for (let i = 0; i < count; i++) {
  const socket = await publish({ port, app: 'live', name: `stream${i}` });
  socket.on('close', () => {
    console.error('the server closed a publisher');
    process.exit(1);
  });
  // A script of its own for each: they write their stamps into it.
  const publisher = new Publisher(socket, writeScript(linkClip(kilobits)));
  publisher.start();
  publishers.push(publisher);
}

setInterval(() => {
  for (const publisher of publishers) publisher.pump(performance.now(), true);
}, ROUND_MILLISECONDS);
const tell = (): void => console.log(JSON.stringify({ bytes: publishers.reduce((sum, { sent }) => sum + sent, 0) }));
tell();
createInterface(process.stdin)
  .on('line', tell)
  .on('close', () => process.exit());
