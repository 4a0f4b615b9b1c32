import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { Relayed } from '../../hub/mirror.ts';
import { Frame, type Stamp } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
import { MESSAGE_HEAD } from './message.ts';
import { RecordReader, RecordWriter } from './record.ts';

const VIDEO: Track = {
  kind: 'video',
  codec: 'h264',
  config: fromHex('0142c0'),
  width: 1920,
  height: 1080,
  parameter: 'avc1.42c028',
  profile: 'High',
  level: '4.0',
};
const AUDIO: Track = {
  kind: 'audio',
  codec: 'aac',
  config: fromHex('1210'),
  sampleRate: 44_100,
  channels: 2,
  parameter: 'mp4a.40.2',
  profile: 'LC',
};
const MONO: Track = { ...AUDIO, channels: 1 };
const TOKEN = 1_790_000_000_000_000;

const PLAIN = { noNullPrototype: true };

interface Options {
  readonly track: Track;
  readonly dts: number;
  readonly key?: boolean;
  readonly startable?: boolean;
  readonly data?: string;
  readonly seq?: number;
  readonly stamp?: Stamp;
}

function frame({ track, dts, key = true, startable = false, data = 'aabbcc', seq = 7, stamp }: Options): Frame {
  const sample = { track, dts, pts: dts + 40_000, keyframe: key, data: fromHex(data) };
  return new Frame(sample, { seq, tenure: { token: TOKEN, epoch: 3 }, stamp }, dts, track, startable, TOKEN + 5);
}

const keyFrame = (dts: number, track = VIDEO) => frame({ track, dts, startable: true });
const inter = (dts: number, track = VIDEO) => frame({ track, dts, key: false });
const sound = (dts: number, track = AUDIO) => frame({ track, dts });
const loneSound = (dts: number) => frame({ track: AUDIO, dts, startable: true });

function bodyOf(writer: RecordWriter, each: Frame): Uint8Array {
  return writer.write(each).message.subarray(MESSAGE_HEAD);
}

function received(each: Frame): Relayed {
  const { seq, track, dts, pts, keyframe, ingest, stamp, data, tenure } = each;
  return { ...tenure, seq, track, dts, pts, keyframe, ingest, stamp, data };
}

const HEAD = '00000003 00065bfeda25e000 0000000000000007';
const cases: [name: string, frame: Frame, hex: string][] = [
  [
    'a key frame with its track',
    keyFrame(1_000_000),
    `05 00 ${HEAD} 00000000000f4240 00009c40 00065bfeda25e005
     01 0780 0438 0b 617663312e343263303238 04 48696768 03 342e30 000003 0142c0 aabbcc`,
  ],
  [
    'a key frame that begins a segment',
    frame({ track: VIDEO, dts: 1_000_000, startable: true, stamp: { segment: 1_790_000_007, discontinuity: 2 } }),
    `0d 00 ${HEAD} 00000000000f4240 00009c40 00065bfeda25e005 000000006ab13b87 00000002
     01 0780 0438 0b 617663312e343263303238 04 48696768 03 342e30 000003 0142c0 aabbcc`,
  ],
  [
    'sound with its track, before time 0',
    sound(-1),
    `07 00 ${HEAD} ffffffffffffffff 00009c40 00065bfeda25e005
     11 0000ac44 02 09 6d7034612e34302e32 02 4c43 000002 1210 aabbcc`,
  ],
];

describe('a record', () => {
  for (const [name, each, hex] of cases) {
    test(`of ${name} is written and read as documented`, () => {
      const body = bodyOf(new RecordWriter(), each);
      assert.equal(toHex(body), hex.replaceAll(/\s/g, ''));
      assert.deepEqual(new RecordReader().read(fromHex(hex)), received(each));
    });
  }

  test('refers to a track that was told before by its number', () => {
    const [writer, reader] = [new RecordWriter(), new RecordReader()];
    reader.read(bodyOf(writer, keyFrame(0)));
    const body = bodyOf(writer, inter(40_000));
    assert.equal(toHex(body), `0000${HEAD}0000000000009c4000009c4000065bfeda25e005aabbcc`.replaceAll(' ', ''));
    assert.deepEqual(reader.read(body), received(inter(40_000)));
  });

  test('is told apart from one whose track got lost', () => {
    const [writer, reader] = [new RecordWriter(), new RecordReader()];
    reader.read(bodyOf(writer, keyFrame(0)));
    const changed = { ...VIDEO, config: fromHex('ff') };
    writer.write(keyFrame(1, changed));
    assert.equal(reader.read(bodyOf(writer, inter(2, changed))), undefined);
    assert.equal(new RecordReader().read(bodyOf(writer, inter(3, changed))), undefined);
  });

  test('owns its memory', () => {
    const body = Buffer.from(bodyOf(new RecordWriter(), keyFrame(0)));
    const { data, track } = new RecordReader().read(body)!;
    body.fill(0);
    assert.deepEqual([toHex(data), toHex(track.config)], ['aabbcc', '0142c0']);
  });

  const wrong: [name: string, hex: string][] = [
    ['nothing', ''],
    ['less than a head', '05'],
    ['a flag that nobody knows', `85 00 ${HEAD} 00000000000f4240 00009c40 00065bfeda25e005 aabbcc`],
    ['a time that cannot be counted', `01 00 ${HEAD} 7fffffffffffffff 00009c40 00065bfeda25e005 aabbcc`],
    ['a position below 0', `01 00 00000003 00065bfeda25e000 ffffffffffffffff ${'00'.repeat(20)}`],
    ['a segment below 0', `09 00 ${HEAD} 00000000000f4240 00009c40 00065bfeda25e005 ffffffffffffffff 00000000`],
    ['less than a stamp', `08 00 ${HEAD} 00000000000f4240 00009c40 00065bfeda25e005 0000000000000001 0000`],
    ['a codec that nobody knows', `05 00 ${HEAD} 00000000000f4240 00009c40 00065bfeda25e005 77 0780 0438`],
    ['a video track in sound', cases[0]![2].replace('05', '07')],
    ['a name with a line break in it', cases[0]![2].replace('48696768', '48690a68')],
    ['a configuration that is longer than the record', cases[0]![2].replace('000003 0142c0', '0000ff 0142c0')],
  ];
  for (const [name, hex] of wrong) {
    test(`with ${name} is refused`, () => assert.throws(() => new RecordReader().read(fromHex(hex)), ProtocolError));
  }

  test('that is cut off or scribbled over is read or refused, and nothing else', () => {
    const seeds = cases.map(([, , hex]) => fromHex(hex));
    const edits = fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.nat(120), edits, (seed, length, changes) => {
        const body = seed.slice(0, length);
        for (const [at, value] of changes) if (at < body.length) body[at] = value;
        try {
          new RecordReader().read(body);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      }),
      { seed: 4, numRuns: 3000 },
    );
  });

  test('is the same on both sides, whatever frame it was made of', () => {
    const integer = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const name = fc.string({ unit: fc.constantFrom('a', 'Z', '0', ' ', '.', '~'), maxLength: 255 });
    const bytes = fc.uint8Array({ maxLength: 3000 });
    const video = fc.record(
      {
        kind: fc.constant('video' as const),
        codec: fc.constantFrom('h264', 'h265', 'av1', 'vp9', 'vp8'),
        config: bytes,
        width: fc.nat(65_535),
        height: fc.nat(65_535),
        parameter: name,
        profile: name,
        level: name,
      },
      PLAIN,
    );
    const audio = fc.record(
      {
        kind: fc.constant('audio' as const),
        codec: fc.constantFrom('aac', 'mp3', 'opus', 'flac', 'ac3', 'eac3'),
        config: bytes,
        sampleRate: fc.nat(2 ** 31 - 1),
        channels: fc.nat(255),
        parameter: name,
        profile: name,
      },
      PLAIN,
    );
    const track = fc.oneof(video, audio) as fc.Arbitrary<Track>;
    fc.assert(
      fc.property(track, integer, fc.maxSafeInteger(), int32, fc.boolean(), bytes, (of, seq, dts, later, key, data) => {
        const stamp = key ? { segment: seq, discontinuity: 2 ** 32 - 1 } : undefined;
        const time = dts / 4;
        const sample = { track: of, dts: Math.floor(time), pts: Math.floor(time) + later, keyframe: key, data };
        const place = { seq, tenure: { token: seq, epoch: 9 }, stamp };
        const each = new Frame(sample, place, sample.dts, of, true, Math.floor(time));
        assert.deepEqual(new RecordReader().read(bodyOf(new RecordWriter(), each)), received(each));
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});

describe('the configuration comes', () => {
  const table: [name: string, frames: Frame[], told: string, startable: string][] = [
    [
      'with every key frame, and with the first sound after it',
      [keyFrame(0), sound(0), inter(40), sound(23), keyFrame(80), sound(46), sound(69)],
      'TT--TT-',
      'S---S--',
    ],
    ['when it is new', [keyFrame(0), sound(0), sound(23, MONO), sound(46, MONO)], 'TTT-', 'S---'],
    [
      'once a second where there is only sound, and only there one may begin',
      [loneSound(0), loneSound(999_999), loneSound(1_000_000), loneSound(1_500_000), loneSound(2_000_000)],
      'T-T-T',
      'S-S-S',
    ],
  ];
  for (const [name, frames, told, startable] of table) {
    test(name, () => {
      const writer = new RecordWriter();
      const written = frames.map((each) => writer.write(each));
      assert.equal(written.map(({ message }) => (message[MESSAGE_HEAD]! & 4 ? 'T' : '-')).join(''), told);
      assert.equal(written.map((each) => (each.startable ? 'S' : '-')).join(''), startable);
    });
  }
});
