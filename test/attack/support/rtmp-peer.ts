import { createHmac, randomBytes } from 'node:crypto';
import { Decoder, type Parser } from '../../../src/base/decoder.ts';
import { type AmfValue, amf0, amfObject } from '../../../src/container/flv/amf0.ts';
import { PUBLISHER_LIMITS, readChunks } from '../../../src/protocol/rtmp/wire/chunk-reader.ts';
import { type Command, readCommand } from '../../../src/protocol/rtmp/wire/command.ts';
import { clientHandshake } from '../../../src/protocol/rtmp/wire/handshake.ts';
import { MessageType, type RtmpMessage } from '../../../src/protocol/rtmp/wire/message.ts';
import { within } from '../../support/until.ts';
import type { Stage, Target } from './attack.ts';
import { message } from './bytes.ts';
import { Wire } from './wire.ts';

const crypto = {
  hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
  random: (length: number) => randomBytes(length),
};
/** On a chunk stream that attacks leave alone. */
const PROBE_STREAM = 60;
const PROBE = 4242;

/** The stream that the control session publishes, and attackers may play. */
export const CONTROL_STREAM = 'control';

type Listener = { wanted: (command: Command) => boolean; resolve: (command: Command) => void };

/** An RTMP client that keeps the rules until it is told not to. */
export class RtmpPeer {
  readonly wire: Wire;
  readonly #shaken = Promise.withResolvers<void>();
  readonly #decoder: Decoder<RtmpMessage>;
  readonly #listeners = new Set<Listener>();

  private constructor(wire: Wire) {
    this.wire = wire;
    this.#shaken.promise.catch(() => undefined);
    this.#decoder = new Decoder(this.#protocol());
    wire.socket.on('data', (bytes: Uint8Array) => this.#read(bytes));
  }

  /** A client that has come as far as `stage`; `name` is what it publishes. */
  static async open(target: Target, stage: Stage, name = 'victim'): Promise<RtmpPeer> {
    const peer = new RtmpPeer(await Wire.open(target.rtmp));
    peer.#decoder.next();
    await within('the handshake', peer.#shaken.promise);
    if (stage === 'handshake') return peer;
    await peer.ask('connect', amfObject({ app: 'live', tcUrl: `rtmp://127.0.0.1:${target.rtmp}/live` }));
    if (stage === 'play') await peer.begin('NetStream.Play.Start', 'play', CONTROL_STREAM);
    if (stage === 'publish')
      await peer.begin('NetStream.Publish.Start', 'publish', `${name}?key=${target.key}`, 'live');
    return peer;
  }

  /** Sends a command and resolves to its result. */
  async ask(name: string, ...values: readonly AmfValue[]): Promise<Command> {
    const answer = this.hear(({ transactionId }) => transactionId === PROBE);
    await this.wire.send(message(MessageType.commandAmf0, amf0(name, PROBE, ...values), PROBE_STREAM));
    return within(`an answer to ${name}`, answer);
  }

  /** Sends a command and waits for this status. */
  async begin(code: string, name: string, ...values: readonly AmfValue[]): Promise<void> {
    const started = this.hear(
      ({ name: said, args }) => said === 'onStatus' && (args[0] as { code?: string }).code === code,
    );
    await this.wire.send(message(MessageType.commandAmf0, amf0(name, 0, null, ...values), PROBE_STREAM));
    await within(code, started);
  }

  /** The next command that is wanted. */
  hear(wanted: Listener['wanted']): Promise<Command> {
    const { promise, resolve, reject } = Promise.withResolvers<Command>();
    this.#listeners.add({ wanted, resolve });
    void this.wire.ended.then(() => reject(new Error('the server closed the connection')));
    return promise;
  }

  close(): void {
    this.wire.close();
  }

  *#protocol(): Parser<RtmpMessage> {
    yield* clientHandshake(crypto, (bytes) => void this.wire.send(bytes));
    this.#shaken.resolve();
    yield* readChunks(PUBLISHER_LIMITS);
  }

  #read(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    for (let message = this.#decoder.next(); message; message = this.#decoder.next()) {
      const command = readCommand(message);
      if (command) this.#tell(command);
    }
  }

  #tell(command: Command): void {
    for (const listener of this.#listeners) {
      if (!listener.wanted(command)) continue;
      this.#listeners.delete(listener);
      listener.resolve(command);
    }
  }
}
