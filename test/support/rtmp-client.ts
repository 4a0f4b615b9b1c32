import { createHmac, randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Decoder, type Parser } from '../../src/base/decoder.ts';
import { type AmfObject, type AmfValue, amfObject, isAmfObject } from '../../src/container/flv/amf0.ts';
import type { FlvTag, FlvTagType } from '../../src/container/flv/tag.ts';
import { PUBLISHER_LIMITS, readChunks } from '../../src/protocol/rtmp/wire/chunk-reader.ts';
import { encodeMessage } from '../../src/protocol/rtmp/wire/chunk-writer.ts';
import { type Command, command, readCommand } from '../../src/protocol/rtmp/wire/command.ts';
import { controlMessage, readControl } from '../../src/protocol/rtmp/wire/control.ts';
import { clientHandshake } from '../../src/protocol/rtmp/wire/handshake.ts';
import { ChunkStreamId, MessageType, type RtmpMessage } from '../../src/protocol/rtmp/wire/message.ts';
import { type Owner, until, within } from './until.ts';
import { Viewer } from './viewer.ts';

/** Where to, and as whom. */
export interface RtmpTarget {
  readonly port: number;
  readonly host?: string;
  readonly tls?: boolean;
  /** `live` unless told otherwise. */
  readonly app?: string;
  /** Whether to speak the handshake with digests. */
  readonly digest?: boolean;
  /** More properties of the command object of `connect`. */
  readonly connect?: Readonly<Record<string, AmfValue>>;
}

/** What an `onStatus` said. */
export interface StatusInfo {
  readonly level: string;
  readonly code: string;
  readonly description: string;
  /** Where the server sends the client instead: the application, and the stream. */
  readonly redirect?: readonly [app: string, stream: string];
}

const CHUNK_SIZE = 65_536;
const PLAYED: Readonly<Record<number, FlvTagType>> = { 8: 'audio', 9: 'video', 18: 'script' };
const SENT = {
  audio: { type: MessageType.audio, chunkStreamId: ChunkStreamId.audio },
  video: { type: MessageType.video, chunkStreamId: ChunkStreamId.video },
  script: { type: MessageType.dataAmf0, chunkStreamId: ChunkStreamId.data },
} as const;
const crypto = {
  hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
  random: (length: number) => randomBytes(length),
};

/** An RTMP publisher or player of which every step is told. */
export class RtmpClient {
  /** All that `onStatus` said, in order. */
  readonly statuses: StatusInfo[] = [];
  /** What it is played, and how that ends. */
  readonly viewer: Viewer;
  readonly socket: Socket;
  readonly #decoder: Decoder<RtmpMessage>;
  readonly #calls = new Map<number, PromiseWithResolvers<Command>>();
  readonly #connected = Promise.withResolvers<void>();
  #transaction = 0;
  #streamId = 0;

  /** Shakes hands and connects. */
  static async connect(owner: Owner, target: RtmpTarget): Promise<RtmpClient> {
    const client = new RtmpClient(owner, target);
    await within('the RTMP handshake', client.#connected.promise);
    client.#write(controlMessage({ kind: 'set-chunk-size', size: CHUNK_SIZE }));
    const { app = 'live', host = '127.0.0.1', port, connect = {} } = target;
    const tcUrl = `rtmp${target.tls ? 's' : ''}://${host}:${port}/${app}`;
    await client.call('connect', amfObject({ app, tcUrl, flashVer: 'Test', ...connect }));
    return client;
  }

  private constructor(owner: Owner, { port, host = '127.0.0.1', tls = false, digest = false }: RtmpTarget) {
    this.socket = tls
      ? connectTls({ port, host, rejectUnauthorized: false })
      : connectTcp({ port, host, noDelay: true });
    this.viewer = new Viewer({
      pause: () => this.socket.pause(),
      resume: () => this.socket.resume(),
      close: () => this.socket.destroy(),
    });
    this.#decoder = new Decoder(this.#protocol(digest));
    this.socket.on('data', (bytes: Uint8Array) => this.#read(bytes));
    this.socket.on('error', (error) => this.viewer.end(error.message));
    this.socket.on('close', () => this.#end());
    owner.after(() => void this.socket.destroy());
    // The parser greets before it has read anything.
    this.#decoder.next();
  }

  /** Whether the connection is gone. */
  get closed(): boolean {
    return this.socket.closed;
  }

  /** Calls a command that is answered, and resolves to `_result` or rejects with `_error`. */
  async call(name: string, ...args: readonly AmfValue[]): Promise<Command> {
    const transaction = ++this.#transaction;
    const answer = Promise.withResolvers<Command>();
    this.#calls.set(transaction, answer);
    this.command(0, name, transaction, ...(args.length > 0 ? args : [null]));
    return within(`${name} is answered`, answer.promise);
  }

  /** Sends a command on a message stream. */
  command(streamId: number, name: string, transaction: number, ...args: readonly AmfValue[]): void {
    const payload = command(name, transaction, ...args);
    this.#write({
      chunkStreamId: ChunkStreamId.command,
      type: MessageType.commandAmf0,
      streamId,
      timestamp: 0,
      payload,
    });
  }

  /** Publishes under a name, which may have parameters. Rejects when that is refused. */
  async publish(name: string): Promise<void> {
    await this.#createStream();
    const before = this.statuses.length;
    this.command(this.#streamId, 'publish', 0, null, name, 'live');
    await this.#status('NetStream.Publish.Start', before);
  }

  /** Plays a name, which may have parameters; resolves when the server says that it does. */
  async play(name: string): Promise<Viewer> {
    await this.#createStream();
    const before = this.statuses.length;
    this.command(this.#streamId, 'play', 0, null, name, -2000);
    await this.#status('NetStream.Play.Start', before);
    return this.viewer;
  }

  /** Says that it publishes or plays no more, and keeps the connection. */
  stop(): void {
    this.command(0, 'deleteStream', 0, null, this.#streamId);
  }

  /** Sends tags as messages, with the same bodies. */
  send(...tags: readonly FlvTag[]): void {
    this.socket.cork();
    for (const { type, timestamp, body } of tags)
      this.#write({ ...SENT[type], streamId: this.#streamId, timestamp, payload: body });
    this.socket.uncork();
  }

  /** Resolves when all that was sent has left this process. */
  async drained(): Promise<void> {
    await until('the server reads what is published', () => this.socket.writableLength === 0 || this.closed, 30_000);
  }

  close(): void {
    this.socket.destroy();
  }

  async #createStream(): Promise<void> {
    const { args } = await this.call('createStream');
    this.#streamId = args[0] as number;
  }

  async #status(code: string, from: number): Promise<void> {
    const answer = await until(code, () => {
      const status = this.statuses.slice(from).find((each) => each.code === code || each.level === 'error');
      if (!status && this.closed) throw new Error(`the connection ended before ${code}: ${this.viewer.reason}`);
      return status;
    });
    if (answer.code !== code) throw new Error(`${answer.code}: ${answer.description}`);
  }

  *#protocol(digest: boolean): Parser<RtmpMessage> {
    yield* clientHandshake(crypto, (bytes) => void this.socket.write(bytes), digest);
    this.#connected.resolve();
    yield* readChunks(PUBLISHER_LIMITS);
  }

  #read(bytes: Uint8Array): void {
    try {
      this.#decoder.push(bytes);
      for (let message = this.#decoder.next(); message; message = this.#decoder.next()) this.#take(message);
    } catch (error) {
      this.viewer.end(`broken: ${(error as Error).message}`);
      this.socket.destroy();
    }
  }

  #take(message: RtmpMessage): void {
    const { type, timestamp, payload } = message;
    const played = PLAYED[type];
    const answer = readCommand(message);
    if (played) this.viewer.take({ type: played, timestamp, body: payload });
    else if (answer) this.#onCommand(answer);
    else if (readControl(message)?.kind === 'ping-request')
      this.#write({ ...message, payload: Uint8Array.of(0, 7, ...payload.subarray(2)) });
  }

  #onCommand(answer: Command): void {
    const { name, transactionId, args } = answer;
    if (name === 'onStatus') this.statuses.push(statusInfo(args[0]));
    const call = this.#calls.get(transactionId);
    if (name === '_result') call?.resolve(answer);
    else if (name === '_error') call?.reject(new Error(statusInfo(args[0]).description));
  }

  #end(): void {
    const last = this.statuses.at(-1);
    this.viewer.end(last ? `${last.code}: ${last.description}` : 'closed');
    this.#connected.reject(new Error('the connection was closed'));
    for (const call of this.#calls.values()) {
      call.promise.catch(() => undefined);
      call.reject(new Error('the connection was closed'));
    }
  }

  #write(message: RtmpMessage): void {
    this.socket.write(encodeMessage(message, message.type === MessageType.setChunkSize ? 128 : CHUNK_SIZE));
  }
}

function statusInfo(value: AmfValue): StatusInfo {
  const object: AmfObject = isAmfObject(value) ? value : amfObject();
  const status = { level: String(object.level), code: String(object.code), description: String(object.description) };
  const ex = isAmfObject(object.ex) ? object.ex : undefined;
  return ex?.code === 302 ? { ...status, redirect: [String(ex.redirect), String(ex.redirect2)] } : status;
}
