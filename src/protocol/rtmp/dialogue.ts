import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import type { AmfValue } from '../../container/flv/amf0.ts';
import type { Context } from '../../module.ts';
import { hangUp } from '../../net/hang-up.ts';
import { LASTING } from '../../net/lasting.ts';
import { Departure } from '../../net/serve.ts';
import { CHUNK_SIZE, Connection, type MessageHandler } from './connection.ts';
import { type RtmpAddress, redirectedAddress } from './wire/address.ts';
import { type Command, readCommand } from './wire/command.ts';
import { MessageType } from './wire/message.ts';
import { connectRequest, readStatus, request, type ServerStatus } from './wire/request.ts';

const LARGEST_STREAM_ID = 0xffff_ffff;
/** What a server says when somebody stops to publish what we play; the level of it is no error. */
const OVER: ReadonlySet<string> = new Set(['NetStream.Play.UnpublishNotify', 'NetStream.Play.Stop']);

/** What it says when it does not have what is to be played. */
const ABSENT = 'NetStream.Play.StreamNotFound';
/** And when somebody else publishes there. */
const TAKEN = 'NetStream.Publish.BadName';

/** A server wants to be asked elsewhere. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
  readonly target: RtmpAddress;

  constructor(target: RtmpAddress) {
    super(`redirected to ${target.host}:${target.port}`);
    this.target = target;
  }
}

/** The client's side of a connection: it asks, and the server answers. */
export class Dialogue {
  readonly connection: Connection;
  readonly #address: RtmpAddress;
  readonly #handshake = Promise.withResolvers<void>();
  readonly #calls = new Map<number, PromiseWithResolvers<Command>>();
  readonly #statuses = new Map<string, () => void>();
  readonly #cancelDeadline: () => void;
  #transaction = 0;

  /** Begins to connect. Fails the connection when the server has not {@link begun} in time. */
  constructor({ config, clock, admission }: Context, address: RtmpAddress) {
    const socket = open(address);
    socket.once('connect', () => admission.prepare(socket));
    this.#address = address;
    this.connection = new Connection(socket, () => this.#handshake.resolve(), 'client');
    const { handshake, command } = config.limits;
    const expire = () => this.connection.fail(new RefusedError('timeout', 'the server took too long to answer'));
    this.#cancelDeadline = clock.after(handshake + command, expire);
  }

  /** Reads until the connection ends, and rejects with the reason; what is no answer to us goes to `handle`. */
  run(handle: MessageHandler, onReceived: (bytes: number) => void): Promise<never> {
    return this.connection.run((message) => {
      const answer = readCommand(message);
      return answer ? this.#take(answer) : handle(message);
    }, onReceived);
  }

  /** Shakes hands and opens the application. */
  async connect(more: Readonly<Record<string, AmfValue>>): Promise<void> {
    await this.#handshake.promise;
    this.connection.control({ kind: 'set-chunk-size', size: CHUNK_SIZE });
    await this.#call((transaction) => connectRequest(transaction, this.#address, more));
  }

  /** Resolves to the id of a new message stream. */
  async createStream(): Promise<number> {
    const { args } = await this.#call((transaction) => request('createStream', transaction));
    const id = args[0];
    if (Number.isInteger(id) && (id as number) > 0 && (id as number) <= LARGEST_STREAM_ID) return id as number;
    throw new ProtocolError('createStream is answered with no message stream');
  }

  /** Sends a command on the connection; not all servers answer these, so nobody waits for it. */
  tell(name: string, ...args: readonly AmfValue[]): void {
    this.connection.send(MessageType.commandAmf0, 0, request(name, ++this.#transaction, ...args));
  }

  /** Sends a command on a message stream; resolves when the server's status has this code. */
  async ask(streamId: number, code: string, name: string, ...args: readonly AmfValue[]): Promise<void> {
    const said = Promise.withResolvers<void>();
    this.#statuses.set(code, said.resolve);
    this.connection.send(MessageType.commandAmf0, streamId, request(name, 0, ...args));
    await said.promise;
  }

  /** What was asked for has begun: there is no deadline any more. */
  begun(): void {
    this.#cancelDeadline();
  }

  /** Idempotent. */
  close(): void {
    const { socket } = this.connection;
    this.#cancelDeadline();
    if (socket.connecting) socket.destroy();
    else hangUp(socket);
    // Its end is only noticed while it is read.
    socket.resume();
  }

  #call(payload: (transaction: number) => Uint8Array): Promise<Command> {
    const answer = Promise.withResolvers<Command>();
    this.#calls.set(++this.#transaction, answer);
    this.connection.send(MessageType.commandAmf0, 0, payload(this.#transaction));
    return answer.promise;
  }

  #take(command: Command): void {
    const { name, transactionId, args } = command;
    if (name === '_result') this.#calls.get(transactionId)?.resolve(command);
    else if (name === '_error' && this.#calls.has(transactionId)) throw this.#refusal(readStatus(args[0]));
    else if (name === 'onStatus') this.#onStatus(readStatus(args[0]));
  }

  #onStatus(status: ServerStatus): void {
    if (status.isError) throw this.#refusal(status);
    if (OVER.has(status.code)) throw new Departure(`the server says ${describe(status)}`);
    this.#statuses.get(status.code)?.();
  }

  #refusal(status: ServerStatus): Error {
    if (status.redirect) return new RedirectError(redirectedAddress(this.#address, status.redirect));
    if (status.code === ABSENT) return new RefusedError('not-found', `the server says ${describe(status)}`);
    return new RefusedError(status.code === TAKEN ? 'busy' : 'forbidden', `the server refuses: ${describe(status)}`);
  }
}

function describe({ code, description }: ServerStatus): string {
  return [code, description].filter((text) => text !== '').join(': ') || 'nothing more';
}

function open({ tls, host, port }: RtmpAddress): Socket {
  if (!tls) return connectTcp({ ...LASTING, host, port });
  return connectTls({ ...LASTING, host, port, ...(isIP(host) === 0 && { servername: host }) });
}
