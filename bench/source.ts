/**
 * The publishers, in a process of their own: `source.ts PORT APP NAME COUNT KILOBITS GOP`. Several take the names NAME0, NAME1, …
 * Prints one JSON line when all publish, and a {@link SourceReport} for every `report` that it reads, and for `stop`, by which
 * all publish no more. Ends with its input.
 */
import { createInterface } from 'node:readline';
import { prepareClip } from './clip.ts';
import { Publisher, publish, writeScript } from './publisher.ts';

/** What all publishers together have written: bytes, of which so many still wait here; and how many frames each. */
export interface SourceReport {
  readonly bytes: number;
  readonly backlog: number;
  readonly frames: readonly number[];
}

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
let isStopped = false;
const single = Number(count) === 1;

async function add(own: string): Promise<void> {
  const socket = await publish({ port: Number(port), app, name: own });
  socket.on('close', () => isStopped || fail('the server closed a publisher'));
  const publisher = new Publisher(socket, script);
  publisher.start();
  publishers.push(publisher);
}

function stop(): void {
  isStopped = true;
  clearInterval(pumping);
  for (const publisher of publishers) publisher.stop();
}

function fail(why: string): never {
  console.error(`source: ${why}`);
  process.exit(1);
}

const round = single ? ROUND_MILLISECONDS.one : ROUND_MILLISECONDS.many;
const pumping = setInterval(() => {
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
  .on('line', (line) => {
    if (line === 'stop') stop();
    const bytes = publishers.reduce((sum, publisher) => sum + publisher.sent, 0);
    const backlog = publishers.reduce((sum, publisher) => sum + publisher.backlog, 0);
    const report: SourceReport = { bytes, backlog, frames: publishers.map(({ frames }) => frames) };
    console.log(JSON.stringify(report));
  })
  .on('close', () => process.exit(0));
