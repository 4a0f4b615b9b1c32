import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertSplitSafe, decodeAll } from '../../../test/support/split.ts';
import { concat, fromHex } from '../../base/bytes.ts';
import type { Parser } from '../../base/decoder.ts';
import { ProtocolError } from '../../base/errors.ts';
import { blankMessage, type Message, readMessages } from './message.ts';

/** The parser, with bodies that stay valid. */
function* kept(): Parser<Message> {
  const parser = readMessages();
  let step = parser.next();
  while (!step.done) {
    const { value } = step;
    step = parser.next(yield typeof value === 'number' ? value : { ...value, body: value.body.slice() });
  }
}

const cases: [name: string, hex: string, messages: [type: number, body: string][]][] = [
  ['nothing', '', []],
  ['JSON', '00000002 01 7b7d', [[1, '7b7d']]],
  ['a record', '00000003 02 aabbcc', [[2, 'aabbcc']]],
  ['an empty message', '00000000 01', [[1, '']]],
  ['a type of a newer version, which is left out', '00000002 09 ffff 00000001 02 aa', [[2, 'aa']]],
  [
    'one after another',
    '00000001 02 aa 00000001 02 bb',
    [
      [2, 'aa'],
      [2, 'bb'],
    ],
  ],
  ['one and the beginning of another', '00000001 02 aa 00000005 02 bb', [[2, 'aa']]],
];

describe('messages', () => {
  for (const [name, hex, messages] of cases) {
    test(`are read from ${name}, however it is cut`, () => {
      const expected = messages.map(([type, body]) => ({ type, body: fromHex(body) }));
      assertSplitSafe(kept, fromHex(hex), expected);
    });
  }

  test('are written as they are read', () => {
    const message = blankMessage(2, 3);
    message.set(fromHex('aabbcc'), 5);
    assert.deepEqual(decodeAll(kept(), concat([message, blankMessage(1, 0)])), [
      { type: 2, body: fromHex('aabbcc') },
      { type: 1, body: fromHex('') },
    ]);
  });

  for (const hex of ['00010001 01', '01000001 02', '00010001 09', 'ffffffff 02']) {
    test(`that are too long are refused before they come: ${hex}`, () =>
      assert.throws(() => decodeAll(kept(), fromHex(hex)), ProtocolError));
  }
});
