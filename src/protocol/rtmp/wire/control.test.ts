import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../base/bytes.ts';
import { ProtocolError } from '../../../base/errors.ts';
import type { Control } from './control.ts';
import { controlMessage, readControl } from './control.ts';
import type { RtmpMessage } from './message.ts';

const cases: [type: number, hex: string, control: Control][] = [
  [1, '0000ea60', { kind: 'set-chunk-size', size: 60_000 }],
  [2, '00000006', { kind: 'abort', chunkStreamId: 6 }],
  [3, 'fffffffe', { kind: 'acknowledgement', received: 0xfffffffe }],
  [5, '002625a0', { kind: 'window-ack-size', size: 2_500_000 }],
  [6, '002625a000', { kind: 'set-peer-bandwidth', size: 2_500_000, limit: 'hard' }],
  [6, '002625a001', { kind: 'set-peer-bandwidth', size: 2_500_000, limit: 'soft' }],
  [6, '002625a002', { kind: 'set-peer-bandwidth', size: 2_500_000, limit: 'dynamic' }],
  [4, '000000000001', { kind: 'stream-begin', streamId: 1 }],
  [4, '000100000001', { kind: 'stream-eof', streamId: 1 }],
  [4, '000200000001', { kind: 'stream-dry', streamId: 1 }],
  [4, '000300000001000003e8', { kind: 'set-buffer-length', streamId: 1, milliseconds: 1000 }],
  [4, '000400000001', { kind: 'stream-is-recorded', streamId: 1 }],
  [4, '000600000539', { kind: 'ping-request', timestamp: 1337 }],
  [4, '000700000539', { kind: 'ping-response', timestamp: 1337 }],
  [4, '001f0102', { kind: 'other-event', event: 31, data: fromHex('0102') }],
];

const message = (type: number, payload: Uint8Array): RtmpMessage => {
  return { chunkStreamId: 2, type, streamId: 0, timestamp: 0, payload };
};

describe('control messages', () => {
  for (const [type, hex, control] of cases) {
    test(`${control.kind} ${hex} is read, written, and refused if cut off`, () => {
      assert.deepEqual(readControl(message(type, fromHex(hex))), control);
      assert.deepEqual(controlMessage(control), message(type, fromHex(hex)));
      if (control.kind === 'other-event') return;
      for (let length = 0; length < hex.length / 2; length++) {
        assert.throws(() => readControl(message(type, fromHex(hex).subarray(0, length))), ProtocolError);
      }
    });
  }

  test('a bandwidth limit of an unknown type is refused', () => {
    assert.throws(() => readControl(message(6, fromHex('0000000003'))), ProtocolError);
  });

  test('other messages are none', () => {
    for (const type of [0, 7, 8, 9, 15, 17, 18, 20, 22, 255])
      assert.equal(readControl(message(type, fromHex(''))), undefined);
  });

  test('whatever is read is written as the same bytes, behind which a peer may have put more', () => {
    const property = fc.property(fc.integer({ min: 1, max: 6 }), fc.uint8Array({ maxLength: 16 }), (type, payload) => {
      const control = readOrRefuse(message(type, payload));
      if (control === undefined) return;
      const written = controlMessage(control);
      assert.equal(written.type, type);
      assert.equal(toHex(payload.subarray(0, written.payload.length)), toHex(written.payload));
    });
    fc.assert(property, { seed: 1, numRuns: 2000 });
  });
});

function readOrRefuse(control: RtmpMessage): Control | undefined {
  try {
    return readControl(control);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
