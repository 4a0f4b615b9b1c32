import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertSplitSafe, cut, decodeAll } from '../../../../test/support/split.ts';
import { concat, fromHex } from '../../../base/bytes.ts';
import { ProtocolError, RefusedError } from '../../../base/errors.ts';
import { PUBLISHER_LIMITS, readChunks, STRANGER_LIMITS } from './chunk-reader.ts';
import type { ChunkLimits } from './chunk-stream.ts';
import { encodeMessage } from './chunk-writer.ts';
import { controlMessage } from './control.ts';
import type { RtmpMessage } from './message.ts';

const publisher = () => readChunks(PUBLISHER_LIMITS);
const a = 'a1'.repeat(128);
const b = 'b2'.repeat(128);

/** Each is `[timestamp, payload]` of a video message on chunk stream 6, message stream 1, unless it says otherwise. */
type Expected = [timestamp: number, payload: string, more?: Partial<RtmpMessage>];

const cases: [name: string, hex: string, messages: Expected[]][] = [
  ['nothing', '', []],
  ['an empty message', '06 000028 000000 09 01000000', [[40, '']]],
  [
    'an empty message again',
    '06 000000 000000 09 01000000 c6 c6',
    [
      [0, ''],
      [0, ''],
      [0, ''],
    ],
  ],
  ['a message of type 0', '06 000028 000002 09 01000000 aabb', [[40, 'aabb']]],
  ['a message of a whole chunk', `06 000028 000080 09 01000000 ${a}`, [[40, a]]],
  ['a message of three chunks', `06 000028 000101 09 01000000 ${a} c6 ${b} c6 cc`, [[40, `${a}${b}cc`]]],
  ['a large stream id', '06 000028 000000 09 04030281', [[40, '', { streamId: 0x81020304 }]]],
  [
    'type 1: another length and type, later',
    '06 000028 000001 09 01000000 aa 46 000014 000002 08 bbcc',
    [
      [40, 'aa'],
      [60, 'bbcc', { type: 8 }],
    ],
  ],
  [
    'type 2: the same length and type, later',
    '06 000028 000001 09 01000000 aa 86 000014 bb',
    [
      [40, 'aa'],
      [60, 'bb'],
    ],
  ],
  [
    'type 3 after type 2: as much later',
    '06 000028 000001 09 01000000 aa 86 000014 bb c6 cc c6 dd',
    [
      [40, 'aa'],
      [60, 'bb'],
      [80, 'cc'],
      [100, 'dd'],
    ],
  ],
  [
    'type 3 after type 0: its timestamp later',
    '06 000028 000001 09 01000000 aa c6 bb c6 cc',
    [
      [40, 'aa'],
      [80, 'bb'],
      [120, 'cc'],
    ],
  ],
  [
    'type 3 in the middle: no later',
    `06 000028 000081 09 01000000 ${a} c6 b2 86 000014 ${a} c6 b2`,
    [
      [40, `${a}b2`],
      [60, `${a}b2`],
    ],
  ],
  [
    'type 1 first: librtmp answers a ping so',
    '42 000028 000001 09 aa',
    [[40, 'aa', { chunkStreamId: 2, streamId: 0 }]],
  ],
  [
    'a timestamp that wraps',
    '06 ffffff 000001 09 01000000 fffffff0 aa 86 000020 bb',
    [
      [0xfffffff0, 'aa'],
      [0x10, 'bb'],
    ],
  ],
  [
    'chunk streams of two bytes',
    '0000 000028 000001 09 01000000 aa c000 bb',
    [
      [40, 'aa', { chunkStreamId: 64 }],
      [80, 'bb', { chunkStreamId: 64 }],
    ],
  ],
  [
    'chunk streams of three bytes',
    '01ffff 000028 000001 09 01000000 aa c1ffff bb',
    [
      [40, 'aa', { chunkStreamId: 65_599 }],
      [80, 'bb', { chunkStreamId: 65_599 }],
    ],
  ],
  [
    'a chunk stream written both short and long',
    '0006 000028 000001 09 01000000 aa c10600 bb',
    [
      [40, 'aa', { chunkStreamId: 70 }],
      [80, 'bb', { chunkStreamId: 70 }],
    ],
  ],
  [
    'messages whose chunks alternate',
    `06 000028 000082 09 01000000 ${a} 07 000029 000081 08 01000000 ${b} c6 cccc c7 dd`,
    [
      [40, `${a}cccc`],
      [41, `${b}dd`, { type: 8, chunkStreamId: 7 }],
    ],
  ],
  [
    'a larger chunk size',
    `02 000000 000004 01 00000000 00000081 06 000028 000081 09 01000000 ${a}cc`,
    [[40, `${a}cc`]],
  ],
  [
    'the largest chunk size',
    `02 000000 000004 01 00000000 7fffffff 06 000028 000102 09 01000000 ${a}cc${b}cc`,
    [[40, `${a}cc${b}cc`]],
  ],
  [
    'a chunk size set in the middle of a message',
    `06 000028 000102 09 01000000 ${a} 02 000000 000004 01 00000000 00000082 c6 ${b}cccc`,
    [[40, `${a}${b}cccc`]],
  ],
  [
    'an aborted message',
    `06 000028 000081 09 01000000 ${a} 02 000000 000004 02 00000000 00000006 86 000014 ${b} c6 cc`,
    [[60, `${b}cc`]],
  ],
  [
    'an aborted message of a chunk stream that never was',
    '02 000000 000004 02 00000000 00000006 06 000028 000000 09 01000000',
    [[40, '']],
  ],
  [
    'other control messages',
    '02 000000 000004 05 00000000 002625a0',
    [[0, '002625a0', { type: 5, chunkStreamId: 2, streamId: 0 }]],
  ],
  ['an extended timestamp', '06 ffffff 000001 09 01000000 01000000 aa', [[0x1000000, 'aa']]],
  ['an extended timestamp of 24 bits', '06 ffffff 000001 09 01000000 00000005 aa', [[5, 'aa']]],
  [
    'an extended timestamp in each chunk (FFmpeg)',
    `06 ffffff 000081 09 01000000 01000000 ${a} c6 01000000 cc`,
    [[0x1000000, `${a}cc`]],
  ],
  [
    'an extended timestamp in the first chunk only',
    `06 ffffff 000085 09 01000000 01000000 ${a} c6 ccccccccdd`,
    [[0x1000000, `${a}ccccccccdd`]],
  ],
  [
    'an extended difference',
    `06 000028 000001 09 01000000 aa 46 ffffff 000081 09 01000000 ${a} c6 01000000 cc`,
    [
      [40, 'aa'],
      [0x1000028, `${a}cc`],
    ],
  ],
  [
    'an extended difference, the sum repeated',
    `06 000028 000001 09 01000000 aa 46 ffffff 000081 09 01000000 ${a} c6 01000028 cc`,
    [
      [40, 'aa'],
      [0x1000028, `${a}cc`],
    ],
  ],
  [
    'an extended difference, added again',
    '06 000028 000001 09 01000000 aa 86 ffffff 01000000 bb c6 01000000 cc',
    [
      [40, 'aa'],
      [0x1000028, 'bb'],
      [0x2000028, 'cc'],
    ],
  ],
  [
    'a short difference after an extended timestamp',
    '06 ffffff 000001 09 01000000 01000000 aa 86 000028 bb c6 cc',
    [
      [0x1000000, 'aa'],
      [0x1000028, 'bb'],
      [0x1000050, 'cc'],
    ],
  ],
];

const refused: [name: string, hex: string, error: typeof ProtocolError | typeof RefusedError][] = [
  ['type 2 first', '86 000028', ProtocolError],
  ['type 3 first', 'c6', ProtocolError],
  [
    'type 0 in the middle of a message',
    `06 000028 000081 09 01000000 ${a} 06 000028 000001 09 01000000`,
    ProtocolError,
  ],
  ['type 1 in the middle of a message', `06 000028 000081 09 01000000 ${a} 46 000028 000081 09`, ProtocolError],
  ['type 2 in the middle of a message', `06 000028 000081 09 01000000 ${a} 86 000028`, ProtocolError],
  ['a chunk size without a size', '02 000000 000000 01 00000000', ProtocolError],
  ['a chunk size cut off', '02 000000 000003 01 00000000 000010', ProtocolError],
  ['a chunk size of 0', '02 000000 000004 01 00000000 00000000', RefusedError],
  ['a chunk size of 127', '02 000000 000004 01 00000000 0000007f', RefusedError],
  ['a chunk size of 32 bits', '02 000000 000004 01 00000000 80000000', ProtocolError],
  ['an abort without a chunk stream', '02 000000 000000 02 00000000', ProtocolError],
  ['a command that is too long', '03 000000 010001 14 00000000', RefusedError],
  ['a video that is too long', '06 000000 a00001 09 01000000', RefusedError],
];

describe('chunks are read', () => {
  for (const [name, hex, messages] of cases) {
    test(`with ${name}`, () => assertSplitSafe(publisher, fromHex(hex), messages.map(expected)));
  }
  for (const [name, hex, error] of refused) {
    test(`but ${name} is refused`, () => assert.throws(() => decodeAll(publisher(), fromHex(hex)), error));
  }

  test('into memory that is never that of the pieces, and of exactly the size of a large message', () => {
    for (const size of [0, 1, 2049, 65_535, 65_536, 65_537, 200_000, 262_144, 1_000_000]) {
      const payload = new Uint8Array(size).map((_, i) => i * 7);
      const pieces = cut(encodeMessage(video(payload), 128), [20, 1000, 70_000, 70_001]);
      const [message] = decodeAll(publisher(), ...pieces);
      for (const piece of pieces) piece.fill(0);
      assert.ok(Buffer.from(payload).equals(message!.payload));
      if (size > 2048) assert.equal(message!.payload.buffer.byteLength, size);
    }
  });

  test('with limits that a session may raise', () => {
    const limits: ChunkLimits = { ...STRANGER_LIMITS };
    const large = encodeMessage(video(new Uint8Array(100_000)), 128);
    assert.throws(() => decodeAll(readChunks(limits), large), { name: 'RefusedError', code: 'limit' });
    Object.assign(limits, PUBLISHER_LIMITS);
    assert.equal(decodeAll(readChunks(limits), large).length, 1);
  });

  test('from as many chunk streams as allowed, and no more', () => {
    const streams = Array.from({ length: 65 }, (_, i) =>
      encodeMessage({ ...video(new Uint8Array(0)), chunkStreamId: 2 + i * 7 }, 128),
    );
    assert.equal(decodeAll(publisher(), ...streams.slice(0, 64)).length, 64);
    assert.throws(() => decodeAll(publisher(), ...streams), { name: 'RefusedError', code: 'limit' });
  });
});

describe('incomplete messages', () => {
  const begin = (chunkStreamId: number, length: number) =>
    encodeMessage({ ...video(new Uint8Array(length)), chunkStreamId }, 128);

  test('hold little memory, whatever length they announce', () => {
    const limits = { ...PUBLISHER_LIMITS, partialBytes: 65_536 };
    assert.deepEqual(decodeAll(readChunks(limits), begin(6, 10_000_000).subarray(0, 60_000)), []);
    assert.throws(() => decodeAll(readChunks(limits), begin(6, 10_000_000).subarray(0, 70_000)), {
      name: 'RefusedError',
      code: 'limit',
    });
  });

  test('may not hold more than allowed together', () => {
    const limits = { ...PUBLISHER_LIMITS, partialBytes: 10_000 };
    const pieces = [6, 7, 8].map((id) => begin(id, 60_000).subarray(0, 12 + 128));
    assert.deepEqual(decodeAll(readChunks(limits), ...pieces.slice(0, 2)), []);
    assert.throws(() => decodeAll(readChunks(limits), ...pieces), { name: 'RefusedError', code: 'limit' });
  });

  test('give their memory back when they are complete or aborted', () => {
    const limits = { ...PUBLISHER_LIMITS, partialBytes: 100_000 };
    const aborted = begin(6, 60_000).subarray(0, 12 + 128);
    const abort = encodeMessage(controlMessage({ kind: 'abort', chunkStreamId: 6 }), 128);
    const rounds = Array.from({ length: 5 }, () => concat([begin(6, 90_000), aborted, abort]));
    assert.equal(decodeAll(readChunks(limits), ...rounds).length, 5);
  });
});

describe('chunks of any kind', () => {
  test('of several streams are read as the messages that they were, in the order in which those ended', () => {
    const stream = fc.record(
      { id: fc.integer({ min: 2, max: 5 }), payload: fc.uint8Array({ maxLength: 600, size: 'max' }) },
      { noNullPrototype: true },
    );
    const property = fc.property(fc.array(stream, { maxLength: 8 }), fc.array(fc.nat()), (sent, order) => {
      const { bytes, messages } = interleave(sent, order);
      const received = decodeAll(
        publisher(),
        ...cut(
          bytes,
          order.map((place) => place % (bytes.length + 1)),
        ),
      );
      assert.deepEqual(
        received.map(({ chunkStreamId: id, payload }) => ({ id, payload })),
        messages,
      );
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  test('are refused cleanly where they are broken', () => {
    const seeds = [...cases, ...refused].map(([, hex]) => fromHex(hex)).filter((bytes) => bytes.length > 0);
    const patch = fc.tuple(fc.nat(400), fc.nat(255));
    const property = fc.property(
      fc.constantFrom(...seeds),
      fc.array(patch, { maxLength: 6 }),
      fc.uint8Array(),
      (seed, patches, tail) => {
        const bytes = Uint8Array.of(...seed, ...tail);
        for (const [at, value] of patches) bytes[at % bytes.length] = value;
        const held = readOrRefuse(bytes);
        assert.ok(held <= bytes.length, 'no more is handed out than came in');
      },
    );
    fc.assert(property, { seed: 1, numRuns: 2000 });
  });
});

function video(payload: Uint8Array): RtmpMessage {
  return { chunkStreamId: 6, type: 9, streamId: 1, timestamp: 40, payload };
}

function expected([timestamp, payload, more]: Expected): RtmpMessage {
  return { ...video(fromHex(payload)), timestamp, ...more };
}

type Sent = { id: number; payload: Uint8Array };

/** Mixes the chunks of different chunk streams, those of each in their order. */
function interleave(sent: readonly Sent[], order: readonly number[]): { bytes: Uint8Array; messages: Sent[] } {
  const queues = new Map<number, { chunk: Uint8Array; ends?: Sent }[]>();
  for (const message of sent) {
    const bytes = encodeMessage({ ...video(message.payload), chunkStreamId: message.id }, 128);
    const starts = Array.from({ length: Math.ceil((bytes.length - 12) / 129) }, (_, i) =>
      i === 0 ? 0 : 12 + 128 + (i - 1) * 129,
    );
    const chunks = cut(bytes, starts.slice(1)).map((chunk) => ({ chunk }));
    Object.assign(chunks.at(-1)!, { ends: message });
    queues.set(message.id, [...(queues.get(message.id) ?? []), ...chunks]);
  }
  const mixed: { chunk: Uint8Array; ends?: Sent }[] = [];
  for (let turn = 0; [...queues.values()].some((queue) => queue.length > 0); turn++) {
    const busy = [...queues.values()].filter((queue) => queue.length > 0);
    mixed.push(busy[(order[turn] ?? turn) % busy.length]!.shift()!);
  }
  return {
    bytes: concat([new Uint8Array(0), ...mixed.map(({ chunk }) => chunk)]),
    messages: mixed.flatMap(({ ends }) => ends ?? []),
  };
}

/** How many bytes of messages were handed out. */
function readOrRefuse(bytes: Uint8Array): number {
  try {
    return decodeAll(publisher(), bytes).reduce((sum, { payload }) => sum + payload.length, 0);
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof RefusedError) return 0;
    throw error;
  }
}
