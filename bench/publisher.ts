import { connect, type Socket } from 'node:net';
import { AUDIO, type Clip, LOOP, stamp, VIDEO } from './clip.ts';
import { rtmpCommand, rtmpMessage, rtmpNext, setChunkSize } from './wire.ts';

const HANDSHAKE = 1536;
/** The length of a chunk header in {@link Script} messages: fmt 1. */
const HEADER = 8;

/** A clip as RTMP messages. All but the opening carry time deltas, so the same bytes serve every loop and every publisher. */
export interface Script {
  /** Metadata and sequence headers, with absolute times. */
  readonly opening: Uint8Array;
  readonly messages: { readonly time: number; readonly video: boolean; readonly bytes: Uint8Array }[];
}

/** The script of a clip. Publishers that stamp its frames write into it: each needs its own. */
export function writeScript(clip: Clip): Script {
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

/** Where to publish, and under which name. */
export interface Target {
  readonly port: number;
  readonly app: string;
  readonly name: string;
}

/** One who publishes a script, over and over again. */
export class Publisher {
  /** Bytes of media written so far. */
  sent = 0;
  /** What the next stamped frame is called. */
  frameNumber: number;
  readonly #socket: Socket;
  #script: Script;
  #startedAt = 0;
  #position = 0;

  /** `socket` is one by which {@link publish} was granted; stamps begin with `frameNumber`. */
  constructor(socket: Socket, script: Script, frameNumber = 0) {
    this.#socket = socket;
    this.#script = script;
    this.frameNumber = frameNumber;
  }

  /** Sends the headers; frames are due from now on. */
  start(): void {
    this.#startedAt = performance.now();
    this.#position = 0;
    this.#socket.write(this.#script.opening);
  }

  /** Begins another script in the same connection, with its own headers and times, as an encoder does whose settings are changed. */
  change(script: Script): void {
    this.#script = script;
    this.start();
  }

  /** Writes every frame that is due. `stamped` writes number and moment into it, which only one publisher of a script can do. */
  pump(now: number, stamped: boolean): void {
    for (let due = this.#next(); due.at <= now - this.#startedAt; due = this.#next()) {
      const { bytes, video } = due.message;
      if (stamped && video) stamp(bytes, HEADER, this.frameNumber++);
      this.#socket.write(bytes);
      this.sent += bytes.length;
      this.#position++;
    }
  }

  /** Says that it publishes no more, and leaves. */
  stop(): void {
    this.#socket.end(rtmpCommand(0, 'deleteStream', 6, null, 1));
  }

  /** Breaks off without a word. */
  kill(): void {
    this.#socket.destroy();
  }

  /** How many frames it has written since it started. */
  get frames(): number {
    return this.#position;
  }

  /** How many bytes wait here because the server does not read fast enough. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  #next(): { at: number; message: Script['messages'][number] } {
    const { messages } = this.#script;
    const message = messages[this.#position % messages.length]!;
    return { at: Math.floor(this.#position / messages.length) * LOOP + message.time, message };
  }
}

/** Asks to publish; resolves to the connection once that is granted. Rejects with what the server did instead. */
export async function publish({ port, app, name }: Target): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const expect = expecter(socket);
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
  return socket;
}

/** Resolves when what the server has sent contains `text`, or so many bytes, behind everything that was waited for before. */
function expecter(socket: Socket): (text: string | number) => Promise<void> {
  let seen = Buffer.alloc(0);
  let check = (): void => undefined;
  let fail: (error: Error) => void = () => undefined;
  const refuse = (why: string): void => {
    fail(new Error(why));
    socket.destroy();
  };
  socket.on('data', (bytes: Buffer) => {
    seen = Buffer.concat([seen, bytes]);
    check();
  });
  socket.on('error', (error) => refuse(`a publisher lost its connection: ${error.message}`));
  socket.on('close', () => refuse('the server closed a publisher'));
  return (text) =>
    new Promise((resolve, reject) => {
      fail = reject;
      check = () => {
        if (seen.includes('.BadName') || seen.includes('_error')) return refuse('the server refused a publisher');
        const found = typeof text === 'number' ? seen.length - text : seen.indexOf(text);
        if (found < 0) return;
        seen = seen.subarray(typeof text === 'number' ? text : found + text.length);
        check = () => undefined;
        resolve();
      };
      check();
    });
}
