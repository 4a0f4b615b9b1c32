import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { concat, fromHex, toHex } from '../../../base/bytes.ts';
import { ProtocolError } from '../../../base/errors.ts';
import { amf0, amfObject } from '../../../container/flv/amf0.ts';
import type { Command } from './command.ts';
import { command, dataBody, readCommand } from './command.ts';
import type { RtmpMessage } from './message.ts';

const message = (type: number, payload: Uint8Array): RtmpMessage => {
  return { chunkStreamId: 3, type, streamId: 0, timestamp: 0, payload };
};
const afterZero = (bytes: Uint8Array) => concat([fromHex('00'), bytes]);

const cases: [name: string, payload: Uint8Array, command: Command][] = [
  [
    'connect',
    amf0('connect', 1, amfObject({ app: 'live' })),
    { name: 'connect', transactionId: 1, object: amfObject({ app: 'live' }), args: [] },
  ],
  [
    'play',
    amf0('play', 5, null, 'movie', -2000),
    { name: 'play', transactionId: 5, object: amfObject(), args: ['movie', -2000] },
  ],
  ['no object', amf0('_checkbw', 2), { name: '_checkbw', transactionId: 2, object: amfObject(), args: [] }],
  ['no transaction', amf0('onBWDone'), { name: 'onBWDone', transactionId: 0, object: amfObject(), args: [] }],
  [
    'an array for an object',
    amf0('call', 3, [1], 2),
    { name: 'call', transactionId: 3, object: amfObject(), args: [2] },
  ],
];

describe('a command', () => {
  for (const [name, payload, expected] of cases) {
    test(`(${name}) is read as AMF0 and as AMF3, with or without its format byte`, () => {
      assert.deepEqual(readCommand(message(20, payload)), expected);
      assert.deepEqual(readCommand(message(17, afterZero(payload))), expected);
      assert.deepEqual(readCommand(message(17, payload)), expected);
    });
  }

  test('may have an object in AMF3', () => {
    const payload = concat([fromHex('00'), amf0('connect', 1), fromHex('11 0a0b01 07617070 06096c697665 01')]);
    assert.deepEqual(readCommand(message(17, payload))?.object, amfObject({ app: 'live' }));
  });

  test('without a name or with a transaction that is no number is refused', () => {
    const payloads = [
      fromHex(''),
      amf0(1, 1),
      amf0(null),
      amf0('play', 'movie'),
      amf0('play', null),
      fromHex('02 0004 70'),
    ];
    for (const payload of payloads)
      assert.throws(() => readCommand(message(20, payload)), ProtocolError, toHex(payload));
    assert.throws(() => readCommand(message(17, fromHex('00'))), ProtocolError);
  });

  test('is no other message', () => {
    for (const type of [8, 9, 15, 18, 19]) assert.equal(readCommand(message(type, amf0('connect', 1))), undefined);
  });

  test('is read as it was written', () => {
    const property = fc.property(fc.string(), fc.integer(), fc.string(), (name, transactionId, value) => {
      const read = readCommand(message(20, command(name, transactionId, null, value)));
      assert.deepEqual(read, { name, transactionId, object: amfObject(), args: [value] });
    });
    fc.assert(property, { seed: 1, numRuns: 100 });
  });
});

describe('a data message', () => {
  const metadata = amf0('@setDataFrame', 'onMetaData', amfObject({ width: 640 }));

  test('is handed on as AMF0, from AMF3 without its format byte', () => {
    assert.deepEqual(dataBody(message(18, metadata)), metadata);
    assert.deepEqual(dataBody(message(15, afterZero(metadata))), metadata);
    assert.deepEqual(dataBody(message(15, metadata)), metadata);
  });

  test('that begins with no name is passed over, such as the timecodes of FFmpeg', () => {
    for (const hex of ['', '00', '00015180', '02000161', '0000000000000000', '0500']) {
      assert.equal(dataBody(message(18, fromHex(hex))), undefined, hex);
    }
  });

  test('is no other message', () => {
    for (const type of [8, 9, 17, 20]) assert.equal(dataBody(message(type, metadata)), undefined);
  });
});
