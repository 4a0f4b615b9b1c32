import { Decoder } from '../../src/base/decoder.ts';
import { RefusedError } from '../../src/base/errors.ts';
import type { Protocol } from '../load.ts';
import { rtmpCommand, rtmpMessage, setChunkSize } from '../wire.ts';
import { flvTags, type Tag } from './flv.ts';
import { httpBody } from './http.ts';
import { rtmpMessages } from './rtmp.ts';

/** What passes between one viewer and the server. */
export interface Conversation {
  /** What the viewer says first. */
  readonly hello: Uint8Array;
  /**
   * The tags that are complete with these bytes, which must not change afterwards. Throws `ProtocolError` when the framing is
   * broken, `RefusedError` when the server says that it sends nothing, or nothing more.
   */
  receive(bytes: Uint8Array): Iterable<Tag>;
  /** What is to be said when so many bytes have been received in all. */
  acknowledge?(received: number): void;
}

const APP = 'live';
const WEBSOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGVhZHdhdGVyLWJlbmNoLg==\r\n';

/** Begins to watch `/live/NAME`; `say` writes to the server. */
export function converse(
  protocol: Protocol,
  port: number,
  name: string,
  say: (bytes: Uint8Array) => void,
): Conversation {
  if (protocol === 'rtmp') return new RtmpPlayer(port, name, say);
  const headers = protocol === 'ws-flv' ? WEBSOCKET : 'Accept: */*\r\n';
  const hello = Buffer.from(`GET /${APP}/${name}.flv HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n`);
  return { hello, receive: flvReceiver() };
}

function flvReceiver(): (bytes: Uint8Array) => Iterable<Tag> {
  const body = new Decoder(httpBody());
  const tags = new Decoder(flvTags());
  return function* (bytes) {
    body.push(bytes);
    for (let part = body.next(); part; part = body.next()) {
      tags.push(part);
      for (let tag = tags.next(); tag; tag = tags.next()) yield tag;
    }
  };
}

/** Message types (RTMP 1.0, 5.4, 7.1). */
const ACKNOWLEDGEMENT = 3;
const USER_CONTROL = 4;
const WINDOW_SIZE = 5;
const COMMAND = 20;

class RtmpPlayer implements Conversation {
  readonly hello = new Uint8Array(1 + 1536);
  readonly #say: (bytes: Uint8Array) => void;
  readonly #decoder: Decoder<Tag>;
  readonly #url: string;
  readonly #name: string;
  #window = Number.POSITIVE_INFINITY;
  #acknowledged = 0;

  constructor(port: number, name: string, say: (bytes: Uint8Array) => void) {
    this.hello[0] = 3;
    this.#name = name;
    this.#say = say;
    this.#url = `rtmp://127.0.0.1:${port}/${APP}`;
    this.#decoder = new Decoder(rtmpMessages((s1) => this.#connect(s1)));
  }

  *receive(bytes: Uint8Array): Iterable<Tag> {
    this.#decoder.push(bytes);
    for (let message = this.#decoder.next(); message; message = this.#decoder.next()) {
      if (message.type === COMMAND) this.#command(Buffer.from(message.body));
      else if (message.type === WINDOW_SIZE) this.#window = Buffer.from(message.body).readUInt32BE(0);
      else if (message.type === USER_CONTROL) this.#pong(message.body);
      else if (message.type > 7) yield message;
    }
  }

  acknowledge(received: number): void {
    if (received - this.#acknowledged < this.#window) return;
    this.#acknowledged = received;
    const sequence = new Uint8Array(4);
    new DataView(sequence.buffer).setUint32(0, received % 2 ** 32);
    this.#say(rtmpMessage(ACKNOWLEDGEMENT, 0, sequence, 0));
  }

  #connect(s1: Uint8Array): void {
    this.#say(s1);
    this.#say(setChunkSize());
    this.#say(rtmpCommand(0, 'connect', 1, { app: APP, flashVer: 'LNX 9,0,124,2', tcUrl: this.#url }));
  }

  /** `_result` carries its transaction behind the name: 1 answers connect; 2 createStream, whose stream is 1 everywhere. */
  #command(body: Buffer): void {
    const name = body.toString('latin1', 3, 3 + body.readUInt16BE(1));
    if (name === '_error' || /NetStream\.Play\.(StreamNotFound|Failed)/.test(body.toString('latin1'))) {
      throw new RefusedError('not-found', 'play was refused');
    }
    if (name !== '_result') return;
    if (body.readDoubleBE(11) === 1) this.#say(rtmpCommand(0, 'createStream', 2, null));
    else this.#say(rtmpCommand(1, 'play', 3, null, this.#name));
  }

  /** Answers a ping (RTMP 1.0, 7.1.7). */
  #pong(body: Uint8Array): void {
    if (body[1] === 6) this.#say(rtmpMessage(USER_CONTROL, 0, Uint8Array.from([0, 7, ...body.subarray(2)]), 0));
  }
}
