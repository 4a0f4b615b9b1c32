/**
 * The publishers, in a process of their own: `source.ts PORT APP NAME COUNT KILOBITS`. Several take the names NAME0, NAME1, …
 * Prints one JSON line when all publish, one for every `report` that it reads, and ends with its input.
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { AUDIO, type Clip, LOOP, prepareClip, stamp, VIDEO } from './clip.ts';
import { rtmpCommand, rtmpMessage, rtmpNext, setChunkSize } from './wire.ts';

const HANDSHAKE = 1536;
const CONNECTS_A_SECOND = 200;
/** Encoders write whenever a frame is ready; a round this short follows them closely and lets one process feed a thousand streams. */
const ROUND_MILLISECONDS = { one: 1, many: 10 };

/** A clip as RTMP messages. All but the opening carry time deltas, so the same bytes serve every loop and every publisher. */
interface Script {
  /** Sequence headers, and the first audio and video message with their absolute times. */
  readonly opening: Uint8Array;
  readonly messages: { readonly time: number; readonly video: boolean; readonly bytes: Uint8Array }[];
}

/** The length of a chunk header in {@link Script} messages: fmt 1. */
const HEADER = 8;

function writeScript(clip: Clip): Script {
  const last = { audio: -1, video: -1 };
  for (const frame of clip.frames) last[frame.kind] = frame.time - LOOP;
  const messages = clip.frames.map(({ kind, time, body }) => {
    const bytes = rtmpNext(kind === 'video' ? VIDEO : AUDIO, time - last[kind], body);
    last[kind] = time;
    return { time, video: kind === 'video', bytes };
  });
  const headers = clip.headers.map(({ type, body }) => rtmpMessage(type, 0, type === 18 ? setDataFrame(body) : body));
  return { opening: Buffer.concat(headers), messages };
}

function setDataFrame(body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([2, 0, 13]), Buffer.from('@setDataFrame'), body]);
}

class Publisher {
  readonly #socket: Socket;
  readonly #script: Script;
  #startedAt = 0;
  #position = 0;
  sent = 0;

  constructor(socket: Socket, script: Script) {
    this.#socket = socket;
    this.#script = script;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#socket.write(this.#script.opening);
  }

  /** Writes every frame that is due. `stamped` writes number and moment into it, which only a single publisher can do. */
  pump(now: number, stamped: boolean): void {
    for (let due = this.#next(); due.at <= now - this.#startedAt; due = this.#next()) {
      const { bytes, video } = due.message;
      if (stamped && video) stamp(bytes, HEADER, this.#frameNumber++);
      this.#socket.write(bytes);
      this.sent += bytes.length;
      this.#position++;
    }
  }

  /** How many bytes wait here because the server does not read fast enough. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  #frameNumber = 0;

  #next(): { at: number; message: Script['messages'][number] } {
    const { messages } = this.#script;
    const message = messages[this.#position % messages.length]!;
    return { at: Math.floor(this.#position / messages.length) * LOOP + message.time, message };
  }
}

/** Resolves when what the server has sent contains `text`, behind everything that was waited for before. */
function expecter(socket: Socket): (text: string | number) => Promise<void> {
  let seen = Buffer.alloc(0);
  let check = (): void => undefined;
  socket.on('data', (bytes: Buffer) => {
    seen = Buffer.concat([seen, bytes]);
    check();
  });
  return (text) =>
    new Promise((resolve, reject) => {
      socket.once('close', () => reject(new Error(`the server closed a publisher that waits for ${text}`)));
      check = () => {
        if (seen.includes('.BadName') || seen.includes('_error')) reject(new Error('the server refused a publisher'));
        const found = typeof text === 'number' ? seen.length - text : seen.indexOf(text);
        if (found < 0) return;
        seen = seen.subarray(typeof text === 'number' ? text : found + text.length);
        check = () => undefined;
        resolve();
      };
      check();
    });
}

async function publish(port: number, app: string, name: string, script: Script): Promise<Publisher> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const expect = expecter(socket);
  socket.on('error', (error) => fail(`a publisher lost its connection: ${error.message}`));
  const hello = new Uint8Array(1 + HANDSHAKE);
  hello[0] = 3;
  socket.write(hello);
  await expect(1 + 2 * HANDSHAKE);
  socket.write(hello.subarray(1));
  socket.write(setChunkSize());
  const tcUrl = `rtmp://127.0.0.1:${port}/${app}`;
  socket.write(rtmpCommand(0, 'connect', 1, { app, type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible)', tcUrl }));
  await expect('_result');
  socket.write(rtmpCommand(0, 'releaseStream', 2, null, name));
  socket.write(rtmpCommand(0, 'FCPublish', 3, null, name));
  socket.write(rtmpCommand(0, 'createStream', 4, null));
  await expect('_result');
  socket.write(rtmpCommand(1, 'publish', 5, null, name, 'live'));
  await expect('NetStream.Publish.Start');
  socket.removeAllListeners('data').resume();
  socket.on('close', () => fail('the server closed a publisher'));
  return new Publisher(socket, script);
}

function fail(why: string): never {
  console.error(`source: ${why}`);
  process.exit(1);
}

const [port, app, name, count, kilobits] = process.argv.slice(2) as [string, string, string, string, string];
const script = writeScript(prepareClip(Number(kilobits)));
const publishers: Publisher[] = [];
const single = Number(count) === 1;

const round = single ? ROUND_MILLISECONDS.one : ROUND_MILLISECONDS.many;
setInterval(() => {
  const now = performance.now();
  for (const publisher of publishers) publisher.pump(now, single);
}, round);

const joining: Promise<void>[] = [];
for (let i = 0; i < Number(count); i++) {
  const joined = publish(Number(port), app, single ? name : name + i, script).then((publisher) => {
    publisher.start();
    publishers.push(publisher);
  });
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
