import { concat } from '../../src/base/bytes.ts';
import { type Attack, attacks, type Outcome, type Script } from './support/attack.ts';
import { call, chunk, chunkSize, message, noise, oneByOne, repeat, u32 } from './support/bytes.ts';

type Row = readonly [string, Uint8Array | (() => Script), Outcome];

const AUDIO = 8;
const VIDEO = 9;
const DATA = 18;
const COMMAND = 20;
const AGGREGATE = 22;
const LONGEST = 0xffffff;
const STRANGERS_LONGEST = 65_536;

const SIZES: readonly (readonly [number, Outcome])[] = [
  [0, 'closed'],
  [1, 'closed'],
  [2, 'closed'],
  [127, 'closed'],
  [128, 'harmless'],
  [65_536, 'harmless'],
  [0x7fff_ffff, 'harmless'],
  [0x8000_0000, 'closed'],
  [0xffff_ffff, 'closed'],
];

/** Control messages that end too early: their type and how long they are. */
const SHORT: readonly (readonly [type: number, lengths: readonly number[]])[] = [
  [1, [0, 1, 3]],
  [2, [0, 3]],
  [3, [0, 3]],
  [4, [0, 1, 2, 5]],
  [5, [0, 3]],
  [6, [0, 4]],
];

const declared = (type: number, length: number, outcome: Outcome): Row => [
  `a message of type ${type} that says it has ${length} bytes`,
  chunk({ type, length }, noise(100)),
  outcome,
];

const CONTROL: readonly Row[] = [
  ...SIZES.map(([size, outcome]): Row => [`chunk size ${size}`, chunkSize(size), outcome]),
  ...SHORT.flatMap(([type, lengths]) =>
    lengths.map(
      (length): Row => [
        `a control message ${type} of ${length} bytes`,
        message(type, new Uint8Array(length), 2),
        'closed',
      ],
    ),
  ),
  ['a bandwidth limit of an unknown type', message(6, Uint8Array.of(0, 0, 0, 0, 9), 2), 'closed'],
  ['a window of 0 bytes', message(5, u32(0), 2), 'harmless'],
  ['a window of 4 GiB', message(5, u32(0xffff_ffff), 2), 'harmless'],
  ['an acknowledgement of what was never sent', message(3, u32(0xffff_ffff), 2), 'harmless'],
  ['a user control event that is unknown', message(4, Uint8Array.of(0xff, 0xff, 1, 2, 3), 2), 'harmless'],
  ['an abort of a chunk stream that is not there', message(2, u32(0xffff_ffff), 2), 'harmless'],
  ['an abort in mid-message, over and over', () => aborted(200), 'harmless'],
  [
    'chunk sizes that change a thousand times',
    () => [concat([...Array(1000).keys()].map((i) => chunkSize(128 + i)))],
    'harmless',
  ],
];

const MESSAGES: readonly Row[] = [
  ...[0, AUDIO, VIDEO, 15, DATA, COMMAND, AGGREGATE, 255].map((type) => declared(type, LONGEST, 'closed')),
  declared(COMMAND, STRANGERS_LONGEST + 1, 'closed'),
  declared(VIDEO, STRANGERS_LONGEST + 1, 'closed'),
  declared(COMMAND, STRANGERS_LONGEST, 'expired'),
  declared(VIDEO, STRANGERS_LONGEST, 'expired'),
  ...[0, 7, AUDIO, VIDEO, 15, 16, DATA, 19, AGGREGATE, 255].map(
    (type): Row => [`an empty message of type ${type}`, message(type, new Uint8Array(0)), 'harmless'],
  ),
  ['an empty command', message(COMMAND, new Uint8Array(0)), 'closed'],
  ['an empty AMF3 command', message(17, new Uint8Array(0)), 'closed'],
  [
    '60,000 empty messages of a byte each',
    () => [chunk({ type: AUDIO }), repeat(Uint8Array.of(0xc3), 60_000)],
    'harmless',
  ],
  ['a message byte by byte', () => oneByOne(message(AUDIO, noise(1000))), 'harmless'],
  [
    'media before connect',
    () => [message(VIDEO, noise(2000)), message(AUDIO, noise(200)), message(DATA, noise(200))],
    'harmless',
  ],
  ['an aggregate before connect', message(AGGREGATE, noise(2000)), 'harmless'],
  [
    '80,000 bytes of media before connect',
    () => [message(VIDEO, noise(40_000)), message(VIDEO, noise(40_000))],
    'closed',
  ],
];

const HEADERS: readonly Row[] = [
  ['a chunk stream that begins with type 2', chunk({ format: 2, id: 9, timestamp: 1 }), 'closed'],
  ['a chunk stream that begins with type 3', Uint8Array.of(0xc9), 'closed'],
  ['a chunk of type 0 in the middle of a message', () => cutInto(0), 'closed'],
  ['a chunk of type 1 in the middle of a message', () => cutInto(1), 'closed'],
  ['a chunk of type 2 in the middle of a message', () => cutInto(2), 'closed'],
  ['sixteen chunk streams', () => streams(15), 'harmless'],
  ['seventeen chunk streams', () => streams(17), 'closed'],
  ['every chunk stream there is, as far as it gets', () => streams(5000), 'closed'],
  ['ids of three bytes', () => [65_599, 320, 319, 64].map((id) => chunk({ id, type: AUDIO })), 'harmless'],
  [
    'three incomplete messages of 64 KiB',
    () => [11, 12, 13].map((id) => chunk({ id, type: VIDEO, length: STRANGERS_LONGEST }, noise(128))),
    'harmless',
  ],
  [
    'fifteen incomplete messages',
    () => [...Array(15).keys()].map((i) => chunk({ id: 10 + i, type: VIDEO, length: 8000 }, noise(128))),
    'harmless',
  ],
  [
    'extended timestamps',
    () => [extended(0), extended(0xffff_ffff), extended(0xffffff), extended(0x8000_0000)],
    'harmless',
  ],
  ['an extended timestamp cut off', chunk({ timestamp: LONGEST, type: AUDIO, length: 4 }), 'expired'],
  [
    'deltas that wrap the clock',
    () => [chunk({ type: AUDIO }), ...Array(300).fill(chunk({ format: 2, timestamp: 0xfffffe }))],
    'harmless',
  ],
  ['a basic header of two bytes cut off', Uint8Array.of(0x00), 'expired'],
  ['a basic header of three bytes cut off', Uint8Array.of(0x01, 0xff), 'expired'],
  ['a message header cut off', chunk({ type: AUDIO }).subarray(0, 7), 'expired'],
  ['a payload cut off', chunk({ type: COMMAND, length: 100 }, noise(99)), 'expired'],
  [
    'a message dripping into an open chunk',
    () => [chunk({ type: COMMAND, length: 100 }), ...oneByOne(noise(60), 100)],
    'expired',
  ],
  [
    'message stream ids of all sizes',
    () => [1, 0x8000_0000, 0xffff_ffff].map((streamId) => chunk({ type: AUDIO, streamId })),
    'harmless',
  ],
  ['noise', noise(60_000, 3), 'either'],
  ['other noise', noise(60_000, 4), 'either'],
];

/** Attacks on chunks and control messages (RTMP 1.0, 5.3 and 5.4), by one who has done no more than the handshake. */
export const CHUNK_ATTACKS: readonly Attack[] = attacks('rtmp', 'handshake', [...CONTROL, ...MESSAGES, ...HEADERS]);

/** A message that is begun, and a chunk that does not go on with it. */
function cutInto(format: 0 | 1 | 2): Script {
  return [chunk({ type: COMMAND, length: 200 }, noise(128)), chunk({ format, type: COMMAND, length: 200 })];
}

function* streams(count: number): Script {
  for (let i = 0; i < count; i++) yield chunk({ id: 3 + i, type: AUDIO });
}

function* aborted(times: number): Script {
  for (let i = 0; i < times; i++)
    yield concat([chunk({ id: 9, type: VIDEO, length: 8000 }, noise(128)), message(2, u32(9), 2)]);
  yield call('areYouThere', null);
}

function extended(timestamp: number): Uint8Array {
  return concat([chunk({ id: 9, timestamp: LONGEST, type: AUDIO, length: 0 }), u32(timestamp)]);
}
