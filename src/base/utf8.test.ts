import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from './bytes.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

test('text comes back from its UTF-8 bytes', () => {
  assert.deepEqual(encodeUtf8('aé直😀'), fromHex('61 c3a9 e79bb4 f09f9880'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => decodeUtf8(encodeUtf8(text)) === text),
    { seed: 1 },
  );
});

test('malformed bytes become U+FFFD and never throw', () => {
  assert.equal(decodeUtf8(fromHex('61 ff 62')), 'a\ufffdb');
  assert.equal(decodeUtf8(fromHex('e79b')), '\ufffd');
  assert.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => typeof decodeUtf8(bytes) === 'string'),
      { seed: 1 },
    ),
  );
});

test('a byte order mark is kept out of the text', () => {
  assert.equal(decodeUtf8(fromHex('efbbbf 61')), 'a');
});
