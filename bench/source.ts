/**
 * The publishers, in a process of their own: `source.ts PORT APP NAME COUNT KILOBITS GOP`. Several take the names NAME0, NAME1, …
 * Prints one JSON line when all publish, one for every `report` that it reads, and ends with its input.
 */
import { createInterface } from 'node:readline';
import { prepareClip } from './clip.ts';
import { Publisher, publish, writeScript } from './publisher.ts';

const CONNECTS_A_SECOND = 200;
/** Encoders write whenever a frame is ready; a round this short follows them closely and lets one process feed a thousand streams. */
const ROUND_MILLISECONDS = { one: 1, many: 10 };

const [port, app, name, count, kilobits, gop] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string?,
];
const script = writeScript(prepareClip(Number(kilobits), gop === undefined ? undefined : Number(gop)));
const publishers: Publisher[] = [];
const single = Number(count) === 1;

async function add(own: string): Promise<void> {
  const socket = await publish({ port: Number(port), app, name: own });
  socket.on('close', () => fail('the server closed a publisher'));
  const publisher = new Publisher(socket, script);
  publisher.start();
  publishers.push(publisher);
}

function fail(why: string): never {
  console.error(`source: ${why}`);
  process.exit(1);
}

const round = single ? ROUND_MILLISECONDS.one : ROUND_MILLISECONDS.many;
setInterval(() => {
  const now = performance.now();
  for (const publisher of publishers) publisher.pump(now, single);
}, round);

const joining: Promise<void>[] = [];
for (let i = 0; i < Number(count); i++) {
  const joined = add(single ? name : name + i);
  joining.push(joined);
  joined.catch((error: Error) => fail(error.message));
  await new Promise((resolve) => setTimeout(resolve, 1000 / CONNECTS_A_SECOND));
}
await Promise.all(joining);
console.log(JSON.stringify({ publishers: publishers.length }));

createInterface(process.stdin)
  .on('line', () => {
    const bytes = publishers.reduce((sum, publisher) => sum + publisher.sent, 0);
    console.log(JSON.stringify({ bytes, backlog: publishers.reduce((sum, { backlog }) => sum + backlog, 0) }));
  })
  .on('close', () => process.exit(0));
