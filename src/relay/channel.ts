import type { Duplex } from 'node:stream';
import { Decoder } from '../base/decoder.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import { Departure } from '../net/serve.ts';
import { type Aside, type HeardAside, readAside, writeAside } from './asides.ts';
import { type RelayMessage, readRelayMessage } from './messages.ts';
import { blankMessage, MESSAGE_HEAD, type Message, MessageType, readMessages } from './wire/message.ts';

/** One stream of bytes between two nodes, as messages. */
export class Channel {
  readonly stream: Duplex;
  readonly #messages: AsyncGenerator<Message, void>;
  #hear: (said: HeardAside) => void = () => {};

  constructor(stream: Duplex) {
    this.stream = stream;
    this.#messages = receive(stream, (said) => this.#hear(said));
    // Whoever reads is told by what the reading throws.
    stream.on('error', () => {});
  }

  send(message: RelayMessage): void {
    if (this.stream.writable) this.stream.write(encode(message));
  }

  /** Says something beside the frames. */
  say(aside: Aside): void {
    if (this.stream.writable) this.stream.write(writeAside(aside));
  }

  /**
   * All messages from now on, each valid until the next one, but for asides: these are told to `hear`, in their turn. Throws
   * `Departure` when the connection breaks off.
   */
  messages(hear: (said: HeardAside) => void = () => {}): AsyncIterable<Message> {
    this.#hear = hear;
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#messages.next() }) };
  }

  /** The next message, which has to be JSON, within so many milliseconds. Throws when `signal` aborts, and `Departure` at the end. */
  async hear(signal: AbortSignal, patience: number): Promise<RelayMessage> {
    const late = new AbortController();
    const silence = new RefusedError('timeout', 'the other node does not say anything');
    const timer = setTimeout(() => late.abort(silence), patience);
    const heard = orAbort(this.#messages.next(), AbortSignal.any([signal, late.signal]));
    const message = await heard.finally(() => clearTimeout(timer));
    if (message.done) throw new Departure('the other node ended the connection');
    return expectJson(message.value);
  }

  /** Ends the connection at once; whoever reads is told `reason`. */
  break(reason: unknown): void {
    this.stream.destroy(reason instanceof Error ? reason : new Departure(String(reason)));
  }
}

/** What a message says. Throws {@link ProtocolError} when it is not JSON. */
export function expectJson({ type, body }: Message): RelayMessage {
  if (type !== MessageType.json) throw new ProtocolError('a frame where none is expected');
  return readRelayMessage(body);
}

/** The promise's value; rejects with the reason of `signal` as soon as that aborts: what becomes of the promise then is nobody's concern. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function* receive(stream: Duplex, hear: (said: HeardAside) => void): AsyncGenerator<Message, void> {
  const decoder = new Decoder(readMessages());
  for await (const piece of piecesOf(stream)) {
    decoder.push(piece);
    for (let message = decoder.next(); message; message = decoder.next()) {
      if (message.type === MessageType.aside) hear(readAside(message.body));
      else yield message;
    }
  }
}

async function* piecesOf(stream: Duplex): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) yield piece as Uint8Array;
  } catch (error) {
    const isTold = error instanceof ProtocolError || error instanceof RefusedError || error instanceof Departure;
    throw isTold ? error : new Departure((error as Error).message);
  }
}

function encode(message: RelayMessage): Uint8Array {
  const json = Buffer.from(JSON.stringify(message));
  const bytes = blankMessage(MessageType.json, json.length);
  bytes.set(json, MESSAGE_HEAD);
  return bytes;
}
