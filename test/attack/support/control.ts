import assert from 'node:assert/strict';
import { ByteReader } from '../../../src/base/byte-reader.ts';
import { concat, fromHex } from '../../../src/base/bytes.ts';
import { Decoder } from '../../../src/base/decoder.ts';
import { type FlvTag, readFlv } from '../../../src/container/flv/tag.ts';
import { MessageType } from '../../../src/protocol/rtmp/wire/message.ts';
import { until } from '../../support/until.ts';
import type { Target } from './attack.ts';
import { message, u32 } from './bytes.ts';
import { CONTROL_STREAM, RtmpPeer } from './rtmp-peer.ts';
import { Wire } from './wire.ts';

const INTERVAL = 40;
const FRAMES_PER_GOP = 25;
const FILLER = new Uint8Array(2000);
/** An avcC of a constrained baseline stream. */
export const AVC_CONFIG = fromHex('0142c028ffe100196742c028da01e0089f970110000003001000000303c0f1832a01000468ce0fc8');

/** An AVC packet: frame type and codec, packet type, composition time, data (FLV 10.1, E.4.3). */
export function avcPacket(isKey: boolean, type: number, data: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(isKey ? 0x17 : 0x27, type, 0, 0, 0), data]);
}

/** A publisher and a viewer that do nothing wrong while others do: every frame that is sent must arrive, once and in order. */
export class Control {
  readonly #peer: RtmpPeer;
  readonly #timer: NodeJS.Timeout;
  readonly #decoder = new Decoder(readFlv());
  readonly #faults: string[] = [];
  #viewer: Wire | undefined;
  #sent = -1;
  #first: number | undefined;
  #next = 0;

  private constructor(peer: RtmpPeer) {
    this.#peer = peer;
    this.#timer = setInterval(() => void this.#publish(), INTERVAL);
  }

  /** Begins to publish and to view; resolves when frames arrive. */
  static async start(target: Target): Promise<Control> {
    const peer = await RtmpPeer.open(target, 'publish', CONTROL_STREAM);
    await peer.wire.send(message(MessageType.video, avcPacket(true, 0, AVC_CONFIG), 6));
    const control = new Control(peer);
    await until('the control stream begins', async () => (await statusOf(target)) === 200);
    await control.#view(target);
    await until('the control viewer has frames', () => control.frames > 0);
    return control;
  }

  async #view(target: Target): Promise<void> {
    const viewer = await Wire.open(target.http);
    this.#viewer = viewer;
    let head = '';
    viewer.socket.on('data', (bytes: Buffer) => {
      if (head.includes('\r\n\r\n')) return this.#read(bytes);
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end >= 0) this.#read(Buffer.from(head.slice(end + 4), 'latin1'));
    });
    await viewer.send(`GET /live/${CONTROL_STREAM}.flv HTTP/1.1\r\nHost: x\r\n\r\n`);
  }

  /** Waits until all that was sent has arrived. Rejects when a frame is missing or one of the two was closed. */
  async check(): Promise<void> {
    const sent = this.#sent;
    assert.ok(!this.#peer.wire.isEnded, 'the control publisher was closed');
    assert.ok(!this.#viewer!.isEnded, 'the control viewer was closed');
    await until(`the control viewer has frame ${sent}; it has ${this.#next - 1}`, () => this.#next > sent);
    assert.deepEqual(this.#faults, [], 'frames of the control session were lost');
  }

  /** How many frames have arrived. */
  get frames(): number {
    return this.#next - (this.#first ?? 0);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#peer.close();
    this.#viewer?.close();
  }

  async #publish(): Promise<void> {
    const number = ++this.#sent;
    await this.#peer.wire.send(message(MessageType.video, videoFrame(number), 6, number * INTERVAL));
  }

  #read(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    for (let tag = this.#decoder.next(); tag; tag = this.#decoder.next()) this.#count(tag);
  }

  #count({ type, body }: FlvTag): void {
    if (type !== 'video' || body[1] !== 1) return;
    const number = new ByteReader(body.subarray(10)).u32();
    this.#first ??= number;
    if (this.#next > 0 && number !== this.#next) this.#faults.push(`frame ${number} instead of ${this.#next}`);
    this.#next = number + 1;
  }
}

/** A frame that carries its number in its one NAL unit. */
function videoFrame(number: number): Uint8Array {
  const isKey = number % FRAMES_PER_GOP === 0;
  const nal = concat([Uint8Array.of(isKey ? 0x65 : 0x41), u32(number), FILLER]);
  return avcPacket(isKey, 1, concat([u32(nal.length), nal]));
}

async function statusOf(target: Target): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${target.http}/live/${CONTROL_STREAM}.flv`, { method: 'HEAD' });
  return response.status;
}
