import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { DATAGRAM_OVERHEAD } from '../link/datagram.ts';
import { ReplayWindow } from '../link/replay-window.ts';
import { isAuthentic } from './media-cipher.ts';

/** The first byte of a control datagram: `H`. That of RTP has its highest bit set. */
const CONTROL = 0x48;
const CIPHER = 'aes-128-gcm';
const TAG = 16;
const NONCE = 12;
const COUNTER = 5;
const HEAD = COUNTER + 6;

/** Whether a datagram says that it is a control datagram. */
export function isControl(datagram: Uint8Array): boolean {
  return datagram.length >= DATAGRAM_OVERHEAD && datagram[0] === CONTROL;
}

/** The connection that a control datagram names. */
export function connectionOf(datagram: Uint8Array): number {
  return new DataView(datagram.buffer, datagram.byteOffset).getUint32(1);
}

/** Encrypts the control datagrams of one connection in one direction. */
export class ControlSealer {
  readonly #connection: number;
  readonly #key: KeyObject;
  #counter = 0;

  /** `key` has 16 bytes and is used for nothing else. */
  constructor(connection: number, key: Uint8Array) {
    this.#connection = connection;
    this.#key = createSecretKey(key);
  }

  seal(plain: Uint8Array): Uint8Array {
    const datagram = new Uint8Array(DATAGRAM_OVERHEAD + plain.length);
    const view = new DataView(datagram.buffer);
    view.setUint8(0, CONTROL);
    view.setUint32(1, this.#connection);
    view.setUint16(COUNTER, Math.floor(this.#counter / 2 ** 32));
    view.setUint32(COUNTER + 2, this.#counter >>> 0);
    this.#counter++;
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(datagram));
    cipher.setAAD(datagram.subarray(0, HEAD));
    datagram.set(cipher.update(plain), HEAD);
    cipher.final();
    datagram.set(cipher.getAuthTag(), HEAD + plain.length);
    return datagram;
  }
}

/** What a control datagram held. */
export interface Opened {
  readonly plain: Uint8Array;
  /** Whether none that was sent later came before it. */
  readonly isNewest: boolean;
}

/** Decrypts the control datagrams of one connection in one direction, each once. */
export class ControlOpener {
  /** What was not authentic, and what came twice. */
  readonly counters = { forged: 0, replayed: 0 };
  readonly #key: KeyObject;
  readonly #window = new ReplayWindow();
  #newest = -1;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** Takes what {@link isControl} let pass; `undefined` when it is not authentic or was seen before. */
  open(datagram: Uint8Array): Opened | undefined {
    const end = datagram.length - TAG;
    const cipher = createDecipheriv(CIPHER, this.#key, nonceOf(datagram), { authTagLength: TAG });
    cipher.setAAD(datagram.subarray(0, HEAD)).setAuthTag(datagram.subarray(end));
    const plain = cipher.update(datagram.subarray(HEAD, end));
    if (!isAuthentic(cipher)) return void this.counters.forged++;
    const counter = counterOf(datagram);
    if (!this.#window.accept(counter)) return void this.counters.replayed++;
    const isNewest = counter > this.#newest;
    if (isNewest) this.#newest = counter;
    return { plain, isNewest };
  }
}

/** The counter behind zeros. */
function nonceOf(datagram: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NONCE);
  nonce.set(datagram.subarray(COUNTER, HEAD), NONCE - (HEAD - COUNTER));
  return nonce;
}

function counterOf(datagram: Uint8Array): number {
  const view = new DataView(datagram.buffer, datagram.byteOffset + COUNTER);
  return view.getUint16(0) * 2 ** 32 + view.getUint32(2);
}
