/**
 * The floor: a bare Node program that does what every server in Node has to do, and nothing else. `floor-server.ts play|publish GATHER`.
 *
 * `play` writes the clip to every socket, all that is due every GATHER milliseconds in one write (0: every frame by itself).
 * `publish` lets publishers believe that they are understood, and reads and discards what they send: at once, or every GATHER
 * milliseconds. Prints its ports as JSON.
 */
import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { AUDIO, type Clip, LOOP, prepareClip, stamp, VIDEO } from './clip.ts';
import { gatherReads } from './gather.ts';
import { FLV_HEADER, flvTag, rtmpCommand, rtmpMessage, setChunkSize, webSocketFrame } from './wire.ts';

const KILOBITS = 1000;
const HANDSHAKE = 1536;
/** When no publisher has come for so long, all have. */
const QUIET_MILLISECONDS = 1000;
const LONGEST_HEAD = 16_384;
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** One way to frame the stream, with all its viewers. */
class Format {
  readonly #frame: (type: number, time: number, body: Uint8Array) => Uint8Array;
  readonly #start: Uint8Array;
  readonly #viewers = new Set<Socket>();
  /** All since the last key frame: what a viewer that joins is given first. */
  #recent: Uint8Array[] = [];
  #pending: { bytes: Uint8Array; startable: boolean }[] = [];

  constructor(clip: Clip, frame: (type: number, time: number, body: Uint8Array) => Uint8Array, start: Uint8Array[]) {
    this.#frame = frame;
    this.#start = Buffer.concat([...start, ...clip.headers.map(({ type, body }) => frame(type, 0, body))]);
  }

  join(socket: Socket): void {
    socket.write(Buffer.concat([this.#start, ...this.#recent]));
    this.#viewers.add(socket);
    socket.on('close', () => this.#viewers.delete(socket));
  }

  add(type: number, time: number, body: Uint8Array, startable: boolean): void {
    this.#pending.push({ bytes: this.#frame(type, time, body), startable });
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const entries = this.#pending.map(({ bytes }) => bytes);
    const start = this.#pending.findLastIndex(({ startable }) => startable);
    this.#recent = start < 0 ? [...this.#recent, ...entries] : entries.slice(start);
    this.#pending = [];
    const burst = Buffer.concat(entries);
    for (const socket of this.#viewers) socket.write(burst);
  }
}

function play(gather: number): Server[] {
  const clip = prepareClip(KILOBITS);
  const tagged = (type: number, time: number, body: Uint8Array): Uint8Array => flvTag(type, time, body);
  const framed = (type: number, time: number, body: Uint8Array): Uint8Array => webSocketFrame(flvTag(type, time, body));
  const formats = {
    flv: new Format(clip, tagged, [FLV_HEADER]),
    webSocket: new Format(clip, framed, [webSocketFrame(FLV_HEADER)]),
    rtmp: new Format(clip, (type, time, body) => rtmpMessage(type, time, body), []),
  };
  pace(clip, gather, Object.values(formats));
  return [
    createServer((socket) => afterHandshake(socket, 'NetStream.Play.Start', () => formats.rtmp.join(socket))),
    createServer((socket) =>
      afterRequest(socket, (upgrade) => (upgrade ? formats.webSocket : formats.flv).join(socket)),
    ),
  ];
}

/** Feeds the formats with the clip in real time. */
function pace(clip: Clip, gather: number, formats: Format[]): void {
  const began = performance.now();
  const beganAt = process.hrtime.bigint();
  let position = 0;
  let number = 0;
  const round = (): void => {
    const now = performance.now() - began;
    for (;;) {
      const frame = clip.frames[position % clip.frames.length]!;
      const time = Math.floor(position / clip.frames.length) * LOOP + frame.time;
      if (time > now) break;
      const video = frame.kind === 'video';
      if (video) stamp(frame.body, 0, number++, beganAt + BigInt(time) * 1_000_000n);
      for (const format of formats) format.add(video ? VIDEO : AUDIO, time, frame.body, video && frame.keyframe);
      if (gather === 0) for (const format of formats) format.flush();
      position++;
    }
    for (const format of formats) format.flush();
  };
  setInterval(round, Math.max(1, gather));
}

/** Answers an HTTP request and calls `ready`, with whether it asked for a WebSocket. */
function afterRequest(socket: Socket, ready: (upgrade: boolean) => void): void {
  let head = '';
  const read = (bytes: Buffer): void => {
    head += bytes.toString('latin1');
    if (head.length > LONGEST_HEAD) socket.destroy();
    if (!head.includes('\r\n\r\n')) return;
    socket.off('data', read).resume();
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
    socket.write(key === undefined ? 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n' : acceptWebSocket(key));
    ready(key !== undefined);
  };
  prepare(socket).on('data', read);
}

/** RFC 6455, 4.2.2. */
function acceptWebSocket(key: string): string {
  const accept = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** Sends every answer that an RTMP client will wait for as soon as it has said hello, and calls `ready` when it has. */
function afterHandshake(socket: Socket, status: string, ready: () => void): void {
  let received = 0;
  const read = (bytes: Buffer): void => {
    received += bytes.length;
    if (received < 1 + HANDSHAKE) return;
    socket.off('data', read);
    socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(2 * HANDSHAKE), setChunkSize(), ...answers(status)]));
    ready();
  };
  prepare(socket).on('data', read);
}

function answers(code: string): Uint8Array[] {
  const publishing = code.includes('Publish');
  const created = rtmpCommand(0, '_result', publishing ? 4 : 2, null, 1);
  const connected = rtmpCommand(
    0,
    '_result',
    1,
    { fmsVer: 'FMS/3,0,1,123' },
    { code: 'NetConnection.Connect.Success' },
  );
  return [connected, created, rtmpCommand(1, 'onStatus', 0, null, { level: 'status', code })];
}

function prepare(socket: Socket): Socket {
  return socket.setNoDelay(true).on('error', () => socket.destroy());
}

function publish(gather: number): Server[] {
  let begin: NodeJS.Timeout | undefined;
  const rtmp = createServer((socket) => {
    afterHandshake(socket, 'NetStream.Publish.Start', () => socket.on('data', () => undefined));
    // Node accepts one connection in a round of its loop: long rounds begin when all publishers are there.
    clearTimeout(begin);
    if (gather > 0) begin = setTimeout(() => gatherReads(gather), QUIET_MILLISECONDS);
  });
  return [rtmp, createServer()];
}

const [task, gather] = process.argv.slice(2);
const servers = (task === 'publish' ? publish : play)(Number(gather));
const ports: number[] = [];
for (const server of servers) {
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  ports.push((server.address() as AddressInfo).port);
}
console.log(JSON.stringify({ rtmp: ports[0], http: ports[1] }));
