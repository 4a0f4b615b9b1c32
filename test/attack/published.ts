import { ByteWriter } from '../../src/base/byte-writer.ts';
import { concat, fromHex } from '../../src/base/bytes.ts';
import { amf0, amfObject, ecmaArray } from '../../src/container/flv/amf0.ts';
import { type Attack, attacks, type Outcome, type Script } from './support/attack.ts';
import { call, chunk, chunkSize, message, noise, repeat, u32 } from './support/bytes.ts';
import { AVC_CONFIG, avcPacket } from './support/control.ts';

type Row = readonly [string, Uint8Array | (() => Script), Outcome];

const AUDIO = 8;
const VIDEO = 9;
const DATA = 18;
const AGGREGATE = 22;
const MIB = 1024 * 1024;
const BIG_CHUNKS = 65_536;

const video = (body: Uint8Array | string, timestamp = 0) =>
  message(VIDEO, typeof body === 'string' ? fromHex(body) : body, 6, timestamp);
const audio = (body: Uint8Array | string, timestamp = 0) =>
  message(AUDIO, typeof body === 'string' ? fromHex(body) : body, 4, timestamp);
const data = (...parts: readonly Uint8Array[]) => message(DATA, concat(parts), 5);
const CONFIG = video(avcPacket(true, 0, AVC_CONFIG));
const AAC_CONFIG = audio('af00 1210');
const nal = (length: number, bytes: Uint8Array) => avcPacket(true, 1, concat([u32(length), bytes]));

const SHORT = '17 01 000000 0000'.replaceAll(' ', '');

const BODIES: readonly Row[] = [
  ...[2, 4, 6, 8].map(
    (digits): Row => [`a video body of ${digits / 2} bytes`, () => [CONFIG, video(SHORT.slice(0, digits))], 'closed'],
  ),
  ['an empty video body', () => [CONFIG, video('')], 'harmless'],
  ...[10, 12, 14].map(
    (digits): Row => [
      `a video body of ${digits / 2} bytes`,
      () => [CONFIG, video(SHORT.padEnd(18, '0').slice(0, digits))],
      'harmless',
    ],
  ),
  ['a video body of 9 bytes', () => [CONFIG, video('17 01 000000 00000000')], 'harmless'],
  ['an empty audio body', audio(''), 'harmless'],
  ['an audio body of 1 byte', audio('af'), 'closed'],
  ['an audio body of 2 bytes', () => [AAC_CONFIG, audio('af01')], 'harmless'],
  ['a NAL unit longer than its frame', () => [CONFIG, video(nal(1000, noise(10)))], 'either'],
  ['a NAL unit of 4 GiB', () => [CONFIG, video(nal(0xffff_ffff, noise(10)))], 'either'],
  ['NAL units of nothing', () => [CONFIG, video(avcPacket(true, 1, new Uint8Array(60_000)))], 'either'],
  ['frames before any configuration', () => [video(nal(4, noise(4))), audio('af01 2112')], 'harmless'],
  [
    'every video codec id',
    () => [...Array(16).keys()].map((id) => video(concat([Uint8Array.of(0x10 | id, 1), noise(20)]))),
    'either',
  ],
  [
    'every sound format',
    () => [...Array(16).keys()].map((id) => audio(concat([Uint8Array.of(id << 4, 1), noise(20)]))),
    'either',
  ],
  ['a codec that nobody knows', video(concat([fromHex('91 78787878'), noise(20)])), 'harmless'],
  ['enhanced video cut off in its codec', video('90 6176'), 'closed'],
  ['enhanced audio cut off in its codec', audio('90 4f70'), 'closed'],
  [
    'modifiers before modifiers, without end',
    video(concat([Uint8Array.of(0x97), repeat(fromHex('00 00 07'), 100)])),
    'closed',
  ],
  ['a modifier longer than its body', video('97 ff ffff 00'), 'closed'],
  ['a multitrack body whose track is longer than it', video('96 11 61766331 00 ffffff 00'), 'closed'],
  [
    'a multitrack body of 5000 tracks',
    video(concat([fromHex('96 11 61766331'), repeat(fromHex('01 000000'), 5000)])),
    'harmless',
  ],
  ['noise as video', video(noise(3000)), 'either'],
  ['noise as audio', audio(noise(3000)), 'either'],
];

const CONFIGS: readonly Row[] = [
  ['an empty avcC', video(avcPacket(true, 0, new Uint8Array(0))), 'harmless'],
  ...[1, 5, 7, 20].map(
    (length): Row => [
      `an avcC of ${length} bytes`,
      video(avcPacket(true, 0, AVC_CONFIG.subarray(0, length))),
      'closed',
    ],
  ),
  ['an avcC of another version', video(avcPacket(true, 0, fromHex('0042c028ffe0'))), 'closed'],
  [
    'an avcC of 31 sets of nothing',
    video(avcPacket(true, 0, concat([fromHex('0142c028ffff'), new Uint8Array(62), fromHex('00')]))),
    'either',
  ],
  [
    'an SPS of ones',
    video(avcPacket(true, 0, concat([fromHex('0142c028ffe10040'), new Uint8Array(64).fill(0xff), fromHex('00')]))),
    'either',
  ],
  [
    'an SPS of zeros',
    video(avcPacket(true, 0, concat([fromHex('0142c028ffe10040'), new Uint8Array(64), fromHex('00')]))),
    'closed',
  ],
  [
    'a picture of 4 G x 4 G pixels',
    video(avcPacket(true, 0, fromHex('0142c028ffe1000e 6742c028 ff 00000000ffffffff00 00'))),
    'either',
  ],
  [
    'an avcC of 1 MiB',
    () => [chunkSize(BIG_CHUNKS), large(avcPacket(true, 0, concat([AVC_CONFIG, noise(MIB)])))],
    'closed',
  ],
  [
    'an hvcC of 255 arrays of 65,535 sets',
    video(concat([fromHex('1c 00 000000 01'), new Uint8Array(20), fromHex('03 ff 20 ffff'), new Uint8Array(1000)])),
    'closed',
  ],
  ['an AAC configuration of ones', audio('af00 ffffffffffffffff'), 'closed'],
  ['an AAC configuration of half a byte', audio('af00 12'), 'closed'],
  ['a configuration that changes with every frame', () => changing(300), 'harmless'],
  ['a codec that changes with every frame', () => switching(200), 'either'],
];

const MESSAGES: readonly Row[] = [
  ['a frame that says it has 16 MiB', chunk({ id: 6, type: VIDEO, length: 0xffffff }, noise(100)), 'closed'],
  [
    'a frame of 10 MiB',
    () => [chunkSize(BIG_CHUNKS), CONFIG, large(nal(10 * MIB - 100, new Uint8Array(10 * MIB - 100)))],
    'harmless',
  ],
  ['a frame of 10 MiB and more', () => [chunkSize(BIG_CHUNKS), large(new Uint8Array(10 * MIB + 1))], 'closed'],
  [
    'a frame of 2 million NAL units',
    () => [chunkSize(BIG_CHUNKS), CONFIG, large(avcPacket(true, 1, repeat(fromHex('00000141'), 2_000_000)))],
    'closed',
  ],
  ['sixty chunk streams', () => [...Array(60).keys()].map((i) => chunk({ id: 70 + i, type: AUDIO })), 'either'],
  ['seventy chunk streams', () => [...Array(70).keys()].map((i) => chunk({ id: 70 + i, type: AUDIO })), 'closed'],
  [
    'incomplete frames beyond all memory',
    () => [
      chunkSize(MIB),
      ...[...Array(20).keys()].map((i) => chunk({ id: 70 + i, type: VIDEO, length: 2 * MIB }, noise(MIB))),
    ],
    'closed',
  ],
  ['metadata that says it has 1 MiB', chunk({ id: 5, type: DATA, length: MIB }, noise(100)), 'closed'],
  [
    'an aggregate of 5000 messages',
    () => [chunkSize(BIG_CHUNKS), message(AGGREGATE, repeat(part(AUDIO, noise(2)), 5000), 7, 0, BIG_CHUNKS)],
    'closed',
  ],
  [
    'an aggregate of 4000 empty messages',
    () => [chunkSize(BIG_CHUNKS), message(AGGREGATE, repeat(part(AUDIO, new Uint8Array(0)), 4000), 7, 0, BIG_CHUNKS)],
    'harmless',
  ],
  ['an aggregate within an aggregate', message(AGGREGATE, part(AGGREGATE, part(AUDIO, noise(2))), 7), 'closed'],
  ['an aggregate whose part is longer than it', message(AGGREGATE, fromHex('08 ffffff 000000 00 000000'), 7), 'closed'],
  ['an aggregate cut off in a header', message(AGGREGATE, fromHex('08 0000'), 7), 'closed'],
  ['an aggregate of noise', message(AGGREGATE, noise(3000), 7), 'either'],
  [
    '100,000 frames of one byte at the same time',
    () => [AAC_CONFIG, ...Array(10).fill(repeat(audio('af01 21'), 10_000))],
    'harmless',
  ],
  ['timestamps at random', () => [CONFIG, AAC_CONFIG, ...jumping(500)], 'harmless'],
  [
    'timestamps that go back',
    () => [CONFIG, ...[...Array(300).keys()].map((i) => video(nal(4, noise(4)), 1_000_000 - 1000 * i))],
    'harmless',
  ],
];

const ON_META_DATA = amf0('@setDataFrame', 'onMetaData');

const METADATA: readonly Row[] = [
  ['metadata 1000 deep', data(ON_META_DATA, repeat(fromHex('03 0001 61'), 1000)), 'harmless'],
  [
    'metadata of 4000 properties',
    data(ON_META_DATA, amf0(ecmaArray(Object.fromEntries([...Array(4000).keys()].map((i) => [`p${i}`, i]))))),
    'harmless',
  ],
  ['metadata of an AMF3 object with an encoding of its own', data(ON_META_DATA, fromHex('11 0a 07 01')), 'harmless'],
  ['metadata of noise', data(ON_META_DATA, noise(1000)), 'harmless'],
  [
    'metadata with every number out of range',
    data(
      ON_META_DATA,
      amf0(
        amfObject({
          width: Number.NaN,
          height: -1,
          framerate: 1e308,
          videodatarate: Number.POSITIVE_INFINITY,
          encoder: 'x'.repeat(5000),
        }),
      ),
    ),
    'harmless',
  ],
  ['metadata 500 times', () => Array(500).fill(data(ON_META_DATA, amf0(amfObject({ width: 1 })))), 'harmless'],
  ['data that is no AMF', data(noise(4)), 'harmless'],
];

const COMMANDS: readonly Row[] = [
  ['publish twice', call('publish', null, 'other'), 'closed'],
  ['play while publishing', call('play', null, 'other'), 'closed'],
  ['connect while publishing', call('connect', amfObject({ app: 'live' })), 'closed'],
  ['deleteStream and then media', () => [call('deleteStream', null, 1), CONFIG, video(nal(4, noise(4)))], 'harmless'],
  ['FCUnpublish 100 times', () => Array(100).fill(call('FCUnpublish', null, 'victim')), 'harmless'],
  ['no frame at all', () => [], 'expired'],
  ['one frame and then silence', () => [CONFIG, video(nal(4, noise(4)))], 'expired'],
];

/** Attacks by one who may publish: they end its own session at most. */
export const PUBLISHED_ATTACKS: readonly Attack[] = attacks('rtmp', 'publish', [
  ...BODIES,
  ...CONFIGS,
  ...MESSAGES,
  ...METADATA,
  ...COMMANDS,
]);

/** A video message in chunks of 64 KiB, which must have been announced. */
function large(body: Uint8Array): Uint8Array {
  return message(VIDEO, body, 6, 0, BIG_CHUNKS);
}

/** A message as it stands in an aggregate (RTMP 1.0, 7.1.6). */
function part(type: number, body: Uint8Array): Uint8Array {
  return new ByteWriter()
    .u8(type)
    .u24(body.length)
    .u32(0)
    .u24(0)
    .put(body)
    .u32(body.length + 11)
    .finish();
}

function* changing(times: number): Script {
  for (let i = 0; i < times; i++) {
    yield video(avcPacket(true, 0, concat([AVC_CONFIG, Uint8Array.of(i >> 8, i)])), i * 40);
    yield video(nal(4, noise(4)), i * 40);
  }
}

function* switching(times: number): Script {
  for (let i = 0; i < times; i++) {
    yield concat([AAC_CONFIG, audio('af01 2112', i * 20)]);
    yield audio('2f fffb9064 00000000', i * 20 + 10);
  }
}

function* jumping(times: number): Script {
  const times32 = new DataView(noise(times * 4, 9).buffer);
  for (let i = 0; i < times; i++) {
    yield video(nal(4, noise(4)), times32.getUint32(i * 4));
    yield audio('af01 2112', times32.getUint32(i * 4, true));
  }
}
