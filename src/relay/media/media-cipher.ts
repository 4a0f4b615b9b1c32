import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { MEDIA_HEAD, type Open, type Seal } from '../link/packet.ts';

/** What one generation of a stream is encrypted with; all who get the stream have it. */
export interface MediaKeys {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes. */
  readonly salt: Uint8Array;
}

const CIPHER = 'aes-128-gcm';
const TAG = 16;
const NONCE = 12;

/** New ones for a new generation: no nonce is ever used twice with them. */
export function newMediaKeys(): MediaKeys {
  return { key: randomBytes(16), salt: randomBytes(NONCE) };
}

/** Encrypts the packets of one generation. */
export function sealWith({ key, salt }: MediaKeys): Seal {
  const [secret, nonceOf] = [createSecretKey(key), nonces(salt)];
  return (head, plain, number) => {
    const cipher = createCipheriv(CIPHER, secret, nonceOf(number));
    cipher.setAAD(head);
    const packet = new Uint8Array(MEDIA_HEAD + plain.length + TAG);
    packet.set(head);
    packet.set(cipher.update(plain), MEDIA_HEAD);
    cipher.final();
    packet.set(cipher.getAuthTag(), MEDIA_HEAD + plain.length);
    return packet;
  };
}

/** Decrypts the packets of one generation, and tells those that are not its own. */
export function openWith({ key, salt }: MediaKeys): Open {
  const [secret, nonceOf] = [createSecretKey(key), nonces(salt)];
  return (packet, number) => {
    const end = packet.length - TAG;
    const cipher = createDecipheriv(CIPHER, secret, nonceOf(number), { authTagLength: TAG });
    cipher.setAAD(packet.subarray(0, MEDIA_HEAD)).setAuthTag(packet.subarray(end));
    const plain = cipher.update(packet.subarray(MEDIA_HEAD, end));
    return isAuthentic(cipher) ? plain : undefined;
  };
}

/** Throws away the exception by which Node says no. */
export function isAuthentic(cipher: { final(): unknown }): boolean {
  try {
    cipher.final();
    return true;
  } catch {
    return false;
  }
}

/** The salt with a number of 40 bits added to its last five bytes without carry; in the same memory each time. */
function nonces(salt: Uint8Array): (number: number) => Uint8Array {
  const nonce = Uint8Array.from(salt);
  const view = new DataView(nonce.buffer);
  const [high, low] = [view.getUint8(NONCE - 5), view.getUint32(NONCE - 4)];
  return (number) => {
    view.setUint8(NONCE - 5, high ^ (number / 2 ** 32));
    view.setUint32(NONCE - 4, low ^ number);
    return nonce;
  };
}
