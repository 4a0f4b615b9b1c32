import { createHmac, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { Decoder, type Parser } from '../../base/decoder.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import { Departure } from '../../net/serve.ts';
import { readChunks, STRANGER_LIMITS } from './wire/chunk-reader.ts';
import type { ChunkLimits } from './wire/chunk-stream.ts';
import { encodeMessage } from './wire/chunk-writer.ts';
import { type Control, controlMessage, readControl } from './wire/control.ts';
import { clientHandshake, type HandshakeCrypto, serverHandshake } from './wire/handshake.ts';
import { ChunkStreamId, MessageType, type RtmpMessage } from './wire/message.ts';

/** The size of the chunks that we send; large, so that a message is one chunk in most cases. */
export const CHUNK_SIZE = 60_000;
/** How much a peer may send before it must hear from us, and we from it, in bytes. */
export const ACK_WINDOW = 2_500_000;
/** Answers of so many bytes that the peer does not read are enough. */
const MOST_UNREAD = 256 * 1024;
/** What is read ahead while a message is being dealt with, in bytes. */
const MOST_HELD = 64 * 1024;
/** What one may send who does not publish, handshake included. */
const STRANGER_BYTES = 72 * 1024;
/** What a player may send besides, in bytes per second: acknowledgements, pings, a command now and then. */
export const PLAYER_RATE = 8 * 1024;

const crypto: HandshakeCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  random: (length) => randomBytes(length),
};

/** What is done with a message; a promise holds back all further messages until it is settled. */
export type MessageHandler = (message: RtmpMessage) => Promise<void> | void;

/** The messages of one RTMP connection, both ways: handshake, chunks, acknowledgements and pings are done here. */
export class Connection {
  readonly socket: Socket;
  readonly #limits: ChunkLimits = { ...STRANGER_LIMITS };
  readonly #decoder: Decoder<RtmpMessage>;
  readonly #end = Promise.withResolvers<never>();
  #handle: MessageHandler = () => {};
  #onReceived: (bytes: number) => void = () => {};
  readonly #began = performance.now();
  /** How many bytes per second may come beyond {@link STRANGER_BYTES}. */
  #rate = 0;
  #isBusy = false;
  #isOver = false;
  /** Bytes of answers since the peer was last found to have read all. */
  #unread = 0;
  #ackWindow = ACK_WINDOW;
  #received = 0;
  #acknowledged = 0;

  /** `onHandshake` is called once, when the handshake is done, which `side` is ours of. */
  constructor(socket: Socket, onHandshake: () => void, side: 'server' | 'client' = 'server') {
    this.socket = socket;
    this.#decoder = new Decoder(this.#protocol(side, onHandshake));
    socket.on('data', (piece: Uint8Array) => this.#read(piece));
    socket.on('end', () => this.fail(new Departure('the peer closed the connection')));
    socket.on('close', () => this.fail(new Departure('the connection is gone')));
    socket.on('error', (error) => this.fail(departureOf(error)));
    socket.pause();
  }

  /** Reads messages until the connection ends, and rejects with the reason. `onReceived` is told of every piece that arrives. */
  run(handle: MessageHandler, onReceived: (bytes: number) => void): Promise<never> {
    this.#handle = handle;
    this.#onReceived = onReceived;
    this.socket.resume();
    // A client speaks first.
    this.#pump();
    return this.#end.promise;
  }

  /** Ends {@link run} with a reason. Only the first one counts. */
  fail(reason: unknown): void {
    this.#isOver = true;
    this.#end.reject(reason);
  }

  /** From here on the peer is known: it may send as much as `limits` say, at so many bytes per second in the mean. */
  trust(limits: Readonly<ChunkLimits>, rate = Number.POSITIVE_INFINITY): void {
    this.#rate = Math.max(this.#rate, rate);
    Object.assign(this.#limits, limits);
  }

  /** Sends a command or data message. Throws when the peer does not read its answers. */
  send(type: number, streamId: number, payload: Uint8Array): void {
    const chunkStreamId = streamId === 0 ? ChunkStreamId.command : ChunkStreamId.status;
    this.#write(encodeMessage({ chunkStreamId, type, streamId, timestamp: 0, payload }, CHUNK_SIZE));
  }

  /** Sends a control message. */
  control(control: Control): void {
    this.#write(encodeMessage(controlMessage(control), CHUNK_SIZE));
  }

  *#protocol(side: 'server' | 'client', onHandshake: () => void): Parser<RtmpMessage> {
    const shake = side === 'server' ? serverHandshake : clientHandshake;
    yield* shake(crypto, (bytes) => this.#write(bytes));
    onHandshake();
    yield* readChunks(this.#limits);
  }

  #write(bytes: Uint8Array): void {
    if (this.socket.writableLength === 0) this.#unread = 0;
    this.#unread += bytes.length;
    if (this.#unread > MOST_UNREAD) throw new ProtocolError('the peer does not read');
    this.socket.write(bytes);
  }

  #read(piece: Uint8Array): void {
    // What comes after the end is not kept.
    if (this.#isOver) return;
    this.#received += piece.length;
    this.#onReceived(piece.length);
    this.#decoder.push(piece);
    // While it is held the socket goes on being read for a while, so that its end is noticed.
    if (this.#isBusy && this.#decoder.buffered > MOST_HELD) this.socket.pause();
    this.#pump();
  }

  #pump(): void {
    if (this.#isBusy || this.#isOver) return;
    try {
      for (let message = this.#decoder.next(); message; message = this.#decoder.next()) {
        const pending = this.#control(message) ?? this.#handle(message);
        if (pending) return this.#hold(pending);
        if (this.#isOver) return;
      }
      this.#acknowledge();
      if (this.#received > STRANGER_BYTES) this.#checkRate();
    } catch (error) {
      this.fail(error);
    }
  }

  #checkRate(): void {
    const allowed = STRANGER_BYTES + (this.#rate * (performance.now() - this.#began)) / 1000;
    if (this.#received > allowed)
      throw new RefusedError('limit', `${this.#received} bytes from one who does not publish`);
  }

  /** Reads no further until `pending` is settled. */
  #hold(pending: Promise<void>): void {
    this.#isBusy = true;
    pending.then(
      () => {
        this.#isBusy = false;
        if (this.#isOver) return;
        this.socket.resume();
        this.#pump();
      },
      (error: unknown) => this.fail(error),
    );
  }

  /** Deals with what concerns the connection alone. */
  #control(message: RtmpMessage): undefined {
    if (message.type === MessageType.audio || message.type === MessageType.video) return;
    const control = readControl(message);
    if (control?.kind === 'window-ack-size') this.#ackWindow = Math.max(control.size, 1024);
    else if (control?.kind === 'ping-request') this.control({ kind: 'ping-response', timestamp: control.timestamp });
  }

  /** RTMP 1.0, 5.4.3; at half the window, as encoders stop sending when they have filled it. */
  #acknowledge(): void {
    if (this.#received - this.#acknowledged < this.#ackWindow / 2) return;
    this.#acknowledged = this.#received;
    this.control({ kind: 'acknowledgement', received: this.#received % 2 ** 32 });
  }
}

/** Encoders hang up without waiting for our answer to their good-bye. */
function departureOf(error: NodeJS.ErrnoException): Departure {
  if (error.code === 'EPIPE' || error.code === 'ECONNRESET') return new Departure('the peer closed the connection');
  return new Departure(`the connection broke: ${error.message}`);
}
