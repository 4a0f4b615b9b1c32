import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { cut } from '../../../../test/support/split.ts';
import { Decoder } from '../../../base/decoder.ts';
import { ProtocolError } from '../../../base/errors.ts';
import type { Handshake, HandshakeCrypto } from './handshake.ts';
import { clientHandshake, serverHandshake } from './handshake.ts';

const crypto: HandshakeCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  random: (count) => new Uint8Array(randomBytes(count)),
};
const SALT = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const PLAYER = Buffer.from('Genuine Adobe Flash Player 001');
const SERVER = Buffer.from('Genuine Adobe Flash Media Server 001');

/** One side of a handshake, and what it sent. */
class Side {
  readonly decoder: Decoder<object>;
  sent = Buffer.alloc(0);

  constructor(handshake: (crypto: HandshakeCrypto, send: (bytes: Uint8Array) => void) => Handshake) {
    this.decoder = new Decoder<object>(handshake(crypto, (bytes) => (this.sent = Buffer.concat([this.sent, bytes]))));
    this.decoder.next();
  }

  receive(...pieces: Uint8Array[]): this {
    for (const piece of pieces) {
      this.decoder.push(piece);
      this.decoder.next();
    }
    return this;
  }
}

const server = () => new Side(serverHandshake);
const hmac = (key: Uint8Array, ...data: Uint8Array[]) => createHmac('sha256', key).update(Buffer.concat(data)).digest();

/** Where a digest lies in a C1 or S1, from the known layouts: in the half that begins at 772, or at 8. */
function digestAt(bytes: Uint8Array, half: 772 | 8): number {
  return half + 4 + ((bytes[half]! + bytes[half + 1]! + bytes[half + 2]! + bytes[half + 3]!) % 728);
}

function isSigned(bytes: Buffer, key: Uint8Array, half: 772 | 8): boolean {
  const at = digestAt(bytes, half);
  return hmac(key, bytes.subarray(0, at), bytes.subarray(at + 32)).equals(bytes.subarray(at, at + 32));
}

/** A C1 as a Flash player makes it, whose four bytes of offset are `offset`. */
function signedC1(half: 772 | 8, offset: number): Buffer {
  const c1 = Buffer.from(randomBytes(1536));
  c1.set([0, 0, 0, 0, 128, 0, 7, 2]);
  c1.fill(offset, half, half + 4);
  const at = digestAt(c1, half);
  c1.set(hmac(PLAYER, c1.subarray(0, at), c1.subarray(at + 32)), at);
  return c1;
}

describe('the simple handshake', () => {
  const c1 = Buffer.alloc(1536, 0xab).fill(0, 0, 8);

  test('is answered with version 3, a plain S1, and C1 as S2', () => {
    const { sent } = server().receive(Buffer.of(3), c1);
    assert.equal(sent.length, 1 + 2 * 1536);
    assert.equal(sent[0], 3);
    assert.deepEqual(sent.subarray(1, 9), Buffer.alloc(8));
    assert.deepEqual(sent.subarray(1537), c1);
  });

  test('is done when C2 is there, whatever that holds, and leaves what follows', () => {
    const side = server().receive(Buffer.of(3), c1);
    assert.equal(side.receive(Buffer.alloc(1535, 0x55)).decoder.done, false);
    assert.equal(side.receive(Buffer.of(1, 2, 3)).decoder.done, true);
    assert.equal(side.decoder.buffered, 2);
  });

  test('may come in any pieces', () => {
    const bytes = Buffer.concat([Buffer.of(3), c1, Buffer.alloc(1536)]);
    for (const places of [[...bytes.keys()], [1], [1536], [1537], [1538], [700, 2000]]) {
      const side = server().receive(...cut(bytes, places));
      assert.equal(side.decoder.done, true);
      assert.deepEqual(side.sent.subarray(1537), c1);
    }
  });

  test('of any version but 3 is refused, from either side', () => {
    for (const version of [0, 2, 6, 8, 9, 0x16, 0x47]) {
      assert.throws(() => server().receive(Buffer.of(version)), ProtocolError);
      assert.throws(() => new Side(clientHandshake).receive(Buffer.of(version)), ProtocolError);
    }
  });
});

describe('the handshake with digests', () => {
  for (const half of [772, 8] as const) {
    for (const offset of [0, 1, 0x7f, 181, 182, 0xff]) {
      test(`is answered in the client's own layout (half at ${half}, offset bytes ${offset})`, () => {
        const c1 = signedC1(half, offset);
        const { sent } = server().receive(Buffer.of(3), c1);
        const s1 = sent.subarray(1, 1537);
        const s2 = sent.subarray(1537);
        assert.ok(isSigned(s1, SERVER, half), 'S1 is signed with the key of a server');
        const at = digestAt(c1, half);
        const key = hmac(Buffer.concat([SERVER, SALT]), c1.subarray(at, at + 32));
        assert.deepEqual(hmac(key, s2.subarray(0, 1504)), s2.subarray(1504), 'S2 answers the digest of C1');
      });
    }
  }

  test('is the simple one if the digest is wrong by a bit', () => {
    const c1 = signedC1(772, 3);
    c1[1000]! ^= 1;
    const { sent } = server().receive(Buffer.of(3), c1);
    assert.deepEqual(sent.subarray(1537), c1);
  });
});

describe('our client', () => {
  for (const digest of [false, true]) {
    test(`shakes hands with our server ${digest ? 'with' : 'without'} digests`, () => {
      const client = new Side((...with_) => clientHandshake(...with_, digest));
      assert.equal(isSigned(client.sent.subarray(1), PLAYER, 772), digest);
      const peer = server().receive(client.sent);
      const c0c1 = client.sent.length;
      client.receive(peer.sent);
      const c2 = client.sent.subarray(c0c1);
      peer.receive(c2);
      assert.deepEqual([client.decoder.done, peer.decoder.done], [true, true]);
      const s1 = peer.sent.subarray(1, 1537);
      assert.equal(isSigned(s1, SERVER, 772), digest);
      if (!digest) return assert.deepEqual(c2, s1);
      const at = digestAt(s1, 772);
      const key = hmac(Buffer.concat([PLAYER, SALT]), s1.subarray(at, at + 32));
      assert.deepEqual(hmac(key, c2.subarray(0, 1504)), c2.subarray(1504), 'C2 answers the digest of S1');
    });
  }

  test('goes on without digests if the server does not know them', () => {
    const client = new Side((...with_) => clientHandshake(...with_, true));
    const s1 = Buffer.alloc(1536, 7);
    client.receive(Buffer.of(3), s1, Buffer.alloc(1536));
    assert.equal(client.decoder.done, true);
    assert.deepEqual(client.sent.subarray(1537), s1);
  });
});
