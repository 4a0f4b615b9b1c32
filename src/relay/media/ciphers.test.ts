import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MEDIA_HEAD } from '../link/packet.ts';
import { ControlOpener, ControlSealer, connectionOf, isControl } from './control-cipher.ts';
import { newMediaKeys, openWith, sealWith } from './media-cipher.ts';

const bytes = (most: number) => fc.uint8Array({ maxLength: most });
const sequences = fc.nat({ max: 2 ** 31 });

describe('a media packet', () => {
  const keys = newMediaKeys();
  const [seal, open] = [sealWith(keys), openWith(keys)];
  const head = new Uint8Array(MEDIA_HEAD).fill(7);

  test('is opened by those who have its keys, and is its head, as many bytes as the plaintext, and a tag', () => {
    fc.assert(
      fc.property(bytes(1200), sequences, (plain, sequence) => {
        const packet = seal(head, plain, sequence);
        assert.equal(packet.length, MEDIA_HEAD + plain.length + 16);
        assert.deepEqual(packet.subarray(0, MEDIA_HEAD), head);
        assert.deepEqual(Uint8Array.from(open(packet, sequence)!), plain);
      }),
    );
  });

  test('is not opened by those who have others, or when a bit of it or its sequence is another', () => {
    const packet = seal(head, Uint8Array.of(1, 2, 3), 5);
    assert.equal(openWith(newMediaKeys())(packet, 5), undefined);
    assert.equal(open(packet, 6), undefined);
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const other = Uint8Array.from(packet);
      other[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(open(other, 5), undefined, `bit ${bit}`);
    }
  });

  test('never has the encryption of another one', () => {
    const numbers = [0, 1, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 32 + 2 ** 31, 2 ** 40 - 1];
    const seen = new Set(numbers.map((number) => Buffer.from(seal(head, head, number)).toString('hex')));
    assert.equal(seen.size, numbers.length);
    for (const number of numbers) assert.deepEqual(Uint8Array.from(open(seal(head, head, number), number)!), head);
  });
});

describe('a control datagram', () => {
  const pair = () => {
    const key = randomBytes(16);
    return [new ControlSealer(0xfedcba98, key), new ControlOpener(key)] as const;
  };

  test('names its connection, and is opened once', () => {
    fc.assert(
      fc.property(bytes(1173), (plain) => {
        const [sealer, opener] = pair();
        const datagram = sealer.seal(plain);
        assert.ok(isControl(datagram));
        assert.equal(connectionOf(datagram), 0xfedcba98);
        assert.deepEqual(Uint8Array.from(opener.open(datagram)!.plain), plain);
        assert.equal(opener.open(datagram), undefined);
        assert.deepEqual(opener.counters, { forged: 0, replayed: 1 });
      }),
    );
  });

  test('is not opened when a bit of it is another, and the true one still is', () => {
    const [sealer, opener] = pair();
    const datagram = sealer.seal(Uint8Array.of(1, 2, 3));
    for (let bit = 0; bit < datagram.length * 8; bit++) {
      const other = Uint8Array.from(datagram);
      other[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(opener.open(other), undefined, `bit ${bit}`);
    }
    assert.ok(opener.open(datagram));
  });

  test('is told to be the newest when none that was sent later came before', () => {
    const [sealer, opener] = pair();
    const [first, second, third] = [1, 2, 3].map((each) => sealer.seal(Uint8Array.of(each)));
    assert.deepEqual(
      [second, first, third].map((datagram) => opener.open(datagram!)!.isNewest),
      [true, false, true],
    );
  });

  test('is nothing that is shorter than its head and tag, or begins otherwise', () => {
    const datagram = pair()[0].seal(new Uint8Array(0));
    assert.ok(isControl(datagram));
    assert.ok(!isControl(datagram.subarray(0, -1)));
    assert.ok(!isControl(Uint8Array.from(datagram).fill(0x80, 0, 1)));
  });
});
