import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { Kind, Track } from '../../media/track.ts';
import { FlvDemuxer } from './demuxer.ts';

const AVCC = '0142c01effe100196742c01eda0280bfe5c044000003000400000300f03c58ba8001000468ce0fc8';
const AVCC_720 = '0142c01fffe100176742c01fda014016ec0440000003004000000f03c60ca801000468ce0fc8';
const HVCC = '0101600000009000000000005df000fcfdf8f800000f00';
const IDR = '000000026588';
const SLICE = '00000002419a';
const AVC1 = '61766331';
const HVC1 = '68766331';
const VP09 = '76703039';
const VPCC = '000a820202020000';
const OPUS = '4f707573';
const OPUS_HEAD = '4f707573486561640102380180bb0000000000';

/** Bodies in the order in which they come, and the samples and warnings that come of them. */
interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly bodies: readonly string[];
  /** Of each sample: codec, key frame or not, pts - dts, data. */
  readonly samples: readonly string[];
  readonly warnings?: readonly string[];
}

const cases: Case[] = [
  {
    name: 'H.264',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, `1701000000${IDR}`, `2701000028${SLICE}`, `2701ffffd8${SLICE}`],
    samples: [`h264 key 0 ${IDR}`, `h264 - 40000 ${SLICE}`, `h264 - -40000 ${SLICE}`],
  },
  {
    name: 'H.264 with a FourCC',
    kind: 'video',
    bodies: [`90${AVC1}${AVCC}`, `91${AVC1}000028${IDR}`, `a3${AVC1}${SLICE}`],
    samples: [`h264 key 40000 ${IDR}`, `h264 - 0 ${SLICE}`],
  },
  {
    name: 'H.265 with codec id 12',
    kind: 'video',
    bodies: [`1c00000000${HVCC}`, '1c0100000000000003260150', '2c0100000000000003020150'],
    samples: ['h265 key 0 00000003260150', 'h265 - 0 00000003020150'],
  },
  {
    name: 'Annex B in place of lengths',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, '1701000000 00000001 0910 000001 6588'],
    samples: ['h264 key 0 000000020910000000026588'],
  },
  {
    name: 'an IDR picture that is not marked as key frame',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, `2701000000${IDR}`],
    samples: [`h264 key 0 ${IDR}`],
  },
  {
    name: 'a sequence header again and again',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, `1701000000${IDR}`, `1700000000${AVCC}`, `90${AVC1}${AVCC}`, `2701000000${SLICE}`],
    samples: [`h264 key 0 ${IDR}`, `h264 - 0 ${SLICE}`],
  },
  {
    name: 'bodies without a frame: empty, commands, the end of a sequence, metadata, nothing but a header',
    kind: 'video',
    bodies: [
      '',
      '57',
      '5700',
      'd100',
      'd461766331',
      `1700000000${AVCC}`,
      '1700000000',
      '1701000000',
      '1702',
      '1702000000',
      `92${AVC1}`,
      `94${AVC1}020009`,
      `9f${AVC1}00`,
      `93${AVC1}`,
    ],
    samples: [],
  },
  {
    name: 'AVC packets of 9 bytes, which have crashed servers',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, '170100000000000000', '170100000000000001', '270100000000000005'],
    samples: [],
  },
  {
    name: 'frames before their sequence header',
    kind: 'video',
    bodies: [`1701000000${IDR}`, `2701000000${SLICE}`, `1700000000${AVCC}`, `1701000000${IDR}`],
    samples: [`h264 key 0 ${IDR}`],
    warnings: ['h264 frames ignored: they came before what describes their track'],
  },
  {
    name: 'frames of another codec than the sequence header',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, `93${HVC1}00000003260150`],
    samples: [],
    warnings: ['h265 frames ignored: they came before what describes their track'],
  },
  {
    name: 'codecs that are not supported, one warning each',
    kind: 'video',
    bodies: ['12ff', '22ff', '14ff', '1800', '9076766331ff', '91ff00ff00'],
    samples: [],
    warnings: [
      'video codec Sorenson H.263 ignored: it is not supported',
      'video codec VP6 ignored: it is not supported',
      'video codec number 8 ignored: it is not supported',
      'video codec vvc1 ignored: it is not supported',
      'video codec 0xff00ff00 ignored: it is not supported',
    ],
  },
  {
    name: 'AV1 with temporal delimiters, and as in MPEG-2 TS',
    kind: 'video',
    bodies: ['9561763031800401', '906176303181010c00', '916176303112003201cc', 'a1617630313201cc'],
    samples: ['av1 key 0 3201cc', 'av1 - 0 3201cc'],
    warnings: ['av1 as in MPEG-2 TS ignored: it is not supported'],
  },
  {
    name: 'VP8, whose first key frame describes it',
    kind: 'video',
    bodies: ['a176703038aabb', '91767030389047009d012aa00078000007', 'a176703038aabb'],
    samples: ['vp8 key 0 9047009d012aa00078000007', 'vp8 - 0 aabb'],
    warnings: ['vp8 frames ignored: they came before what describes their track'],
  },
  {
    name: 'VP9, whose configuration ffmpeg sends with the version and flags of its box in MP4',
    kind: 'video',
    bodies: [`90${VP09}01000000${VPCC}`, `91${VP09}824983`, `90${VP09}${VPCC}`, `a1${VP09}8600`],
    samples: ['vp9 key 0 824983', 'vp9 - 0 8600'],
  },
  {
    name: 'multitrack with one track',
    kind: 'video',
    bodies: [`9600${AVC1}00${AVCC}`, `9601${AVC1}00000028${IDR}`, `9601${AVC1}01000028${IDR}`, `9600${HVC1}01ff`],
    samples: [`h264 key 40000 ${IDR}`],
    warnings: [
      'video track 1 (avc1) of multitrack ignored: only track 0 is served',
      'video track 1 (hvc1) of multitrack ignored: only track 0 is served',
    ],
  },
  {
    name: 'multitrack with many tracks of one codec',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, `9613${AVC1} 02 000002 ffff 00 000006 ${IDR} 01 000000`],
    samples: [`h264 key 0 ${IDR}`],
    warnings: [
      'video track 2 (avc1) of multitrack ignored: only track 0 is served',
      'video track 1 (avc1) of multitrack ignored: only track 0 is served',
    ],
  },
  {
    name: 'multitrack with many tracks of many codecs',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, `9623 ${HVC1} 01 000001 ff ${AVC1} 00 000006 ${IDR} 76766331 02 000000`],
    samples: [`h264 key 0 ${IDR}`],
    warnings: [
      'video track 1 (hvc1) of multitrack ignored: only track 0 is served',
      'video track 2 (vvc1) of multitrack ignored: only track 0 is served',
    ],
  },
  {
    name: 'multitrack of a form yet to be defined, within itself, and without tracks',
    kind: 'video',
    bodies: [`1700000000${AVCC}`, `9633${AVC1}00`, `9606${AVC1}00ff`, `9613${AVC1}`],
    samples: [],
    warnings: ['video in multitrack form 3 ignored: it is unknown'],
  },
  {
    name: 'AAC',
    kind: 'audio',
    bodies: ['af001210', 'af01211004', 'af01', 'af02', '', '906d703461 1210', '916d703461 2110'],
    samples: ['aac key 0 211004', 'aac key 0 2110'],
  },
  {
    name: 'MP3, at 8 kHz, and with a FourCC',
    kind: 'audio',
    bodies: ['2ffffb9000aa', '2f', 'effffb9000bb', '902e6d7033', '912e6d7033fffb9000cc'],
    samples: ['mp3 key 0 fffb9000aa', 'mp3 key 0 fffb9000bb', 'mp3 key 0 fffb9000cc'],
  },
  {
    name: 'Opus with a channel configuration, and the end of its sequence',
    kind: 'audio',
    bodies: [
      `90${OPUS}`,
      `91${OPUS}fc00`,
      `90${OPUS}${OPUS_HEAD}`,
      `94${OPUS}010200000003`,
      `91${OPUS}fc01`,
      `92${OPUS}`,
    ],
    samples: ['opus key 0 fc01'],
    warnings: ['opus frames ignored: they came before what describes their track'],
  },
  {
    name: 'AC-3, whose empty sequence header ffmpeg sends',
    kind: 'audio',
    bodies: ['9061632d33', '9161632d330b77b50b1e40ebf8'],
    samples: ['ac3 key 0 0b77b50b1e40ebf8'],
  },
  {
    name: 'multitrack audio',
    kind: 'audio',
    bodies: [`9500${OPUS}00${OPUS_HEAD}`, `9511${OPUS} 00 000002 fc01 01 000002 fc02`],
    samples: ['opus key 0 fc01'],
    warnings: ['audio track 1 (Opus) of multitrack ignored: only track 0 is served'],
  },
  {
    name: 'audio codecs that are not supported, one warning each',
    kind: 'audio',
    bodies: ['b2ff', 'b2ff', '72ff', '62ff', '3fff', 'd0ff', '9073706578ff'],
    samples: [],
    warnings: [
      'audio codec Speex ignored: it is not supported',
      'audio codec G.711 A-law ignored: it is not supported',
      'audio codec Nellymoser ignored: it is not supported',
      'audio codec PCM ignored: it is not supported',
      'audio codec number 13 ignored: it is not supported',
      'audio codec spex ignored: it is not supported',
    ],
  },
];

for (const { name, kind, bodies, samples, warnings = [] } of cases) {
  test(`${kind} is read: ${name}`, () => {
    const warned: string[] = [];
    const demuxer = new FlvDemuxer((message) => warned.push(message));
    const read = bodies.map((body) => demuxer[kind](0, fromHex(body))).filter((sample) => sample !== undefined);
    const shown = read.map(({ track, keyframe, pts, dts, data }) =>
      [track.codec, keyframe ? 'key' : '-', pts - dts, toHex(data)].join(' '),
    );
    assert.deepEqual(shown, samples);
    assert.deepEqual(warned, warnings);
    assert.equal(new Set(read.map(({ track }) => track)).size, Math.min(1, samples.length), 'one track');
  });
}

describe('a malformed body', () => {
  const refused: [kind: Kind, body: string][] = [
    ['video', '17'],
    ['video', '1701'],
    ['video', '17010000'],
    ['video', '1700000000 01'],
    ['video', '1700000000 0042c01effe000'],
    ['video', '90'],
    ['video', '90617663'],
    ['video', `91${AVC1}0000`],
    ['video', '96'],
    ['video', `9611${AVC1}00`],
    ['video', `9611${AVC1}00ffffff00`],
    ['video', '9721'],
    ['video', '97ffffff'],
    ['audio', 'af'],
    ['audio', 'af0012'],
    ['audio', '90'],
    ['audio', '2f00000000'],
    ['audio', `90${OPUS}00`],
    ['video', `90${VP09}01000000`],
    ['video', `97${'000007'.repeat(17)}`],
  ];
  for (const [kind, body] of refused) {
    test(`is refused: ${kind} ${body.slice(0, 24)}`, () => {
      assert.throws(() => new FlvDemuxer(() => {})[kind](0, fromHex(body)), ProtocolError);
    });
  }

  test('of any sort throws nothing but a ProtocolError', () => {
    const known = cases.flatMap(({ kind, bodies }) => bodies.map((body) => ({ kind, bytes: fromHex(body) })));
    const damage = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const sequence = fc.array(fc.record({ pick: fc.nat(), cut: fc.nat(), damage }), { minLength: 1, maxLength: 6 });
    const property = fc.property(sequence, (steps) => {
      const demuxer = new FlvDemuxer(() => {});
      for (const {
        pick,
        cut,
        damage: [at, value],
      } of steps) {
        const { kind, bytes } = known[pick % known.length]!;
        const body = bytes.slice(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length);
        if (body.length > 0) body[at % body.length] = value;
        onlyProtocolErrors(() => demuxer[kind](0, body));
      }
    });
    fc.assert(property, { seed: 20_266, numRuns: 3000 });
  });
});

describe('a track', () => {
  test('is another one as soon as its sequence header is', () => {
    const demuxer = new FlvDemuxer(assert.fail);
    const tracks = [AVCC, AVCC, AVCC_720, AVCC].map((config) => {
      demuxer.video(0, fromHex(`1700000000${config}`));
      return demuxer.video(0, fromHex(`1701000000${IDR}`))!.track as Track & { kind: 'video' };
    });
    assert.deepEqual(
      tracks.map(({ height }) => height),
      [360, 360, 720, 360],
    );
    assert.equal(tracks[0], tracks[1]);
    assert.notEqual(tracks[1], tracks[2]);
  });

  test('owns its configuration, while a frame is a view of its message', () => {
    const demuxer = new FlvDemuxer(assert.fail);
    const header = fromHex('af001210');
    const body = fromHex('af01211004');
    demuxer.audio(0, header);
    header.fill(0);
    const sample = demuxer.audio(0, body)!;
    assert.equal(toHex(sample.track.config), '1210');
    assert.equal(sample.data.buffer, body.buffer);
  });
});

describe('time', () => {
  const dts = (demuxer: FlvDemuxer, timestamp: number) => demuxer.audio(timestamp, fromHex('2ffffb9000aa'))!.dts;

  test('is taken as it comes, in microseconds', () => {
    const demuxer = new FlvDemuxer(assert.fail);
    assert.deepEqual(
      [1000, 1023, 1000, 20_000_000].map((at) => dts(demuxer, at)),
      [1e6, 1.023e6, 1e6, 2e10],
    );
  });

  test('goes on past 4.66 hours and, again and again, past 49.7 days', () => {
    const demuxer = new FlvDemuxer(assert.fail);
    const step = 3_600_000;
    for (let at = 2 ** 24 - step; at < 3 * 2 ** 32; at += step) assert.equal(dts(demuxer, at % 2 ** 32), at * 1000);
  });

  test('goes back past a wrap as well', () => {
    const demuxer = new FlvDemuxer(assert.fail);
    assert.deepEqual(
      [10, 2 ** 32 - 20, 30].map((at) => dts(demuxer, at)),
      [10_000, -20_000, 30_000],
    );
  });

  test('is one clock for video and audio', () => {
    const demuxer = new FlvDemuxer(assert.fail);
    demuxer.video(2 ** 32 - 1, fromHex(`1700000000${AVCC}`));
    assert.equal(dts(demuxer, 39), (2 ** 32 + 39) * 1000);
    assert.equal(demuxer.video(40, fromHex(`1701000000${IDR}`))!.dts, (2 ** 32 + 40) * 1000);
  });

  test('has what modifiers add to it', () => {
    const demuxer = new FlvDemuxer(assert.fail);
    demuxer.video(0, fromHex(`1700000000${AVCC}`));
    const cases: [body: string, offset: number][] = [
      [`97 02 07a120 03 ${AVC1} ${IDR}`, 500],
      [`97 02 07a120 07 03 000003e8 03 ${AVC1} ${IDR}`, 500],
      [`97 00 ff 17 02 0003e8 03 ${AVC1} ${IDR}`, 1],
      [`97 ff 0100 ${'00'.repeat(257)} 13 ${AVC1} ${IDR}`, 0],
      [`97 02 07a120 06 03 ${AVC1} 00 ${IDR}`, 500],
    ];
    for (const [body, offset] of cases) {
      const sample = demuxer.video(40, fromHex(body))!;
      assert.deepEqual([sample.dts, sample.pts, toHex(sample.data)], [40_000 + offset, 40_000 + offset, IDR], body);
    }
    demuxer.audio(0, fromHex(`90${OPUS}${OPUS_HEAD}`));
    assert.equal(demuxer.audio(40, fromHex(`97 02 0f423f 01 ${OPUS} fc00`))!.dts, 41_000);
  });
});

test('warnings are bounded however many codecs a peer makes up', () => {
  const warned: string[] = [];
  const demuxer = new FlvDemuxer((message) => warned.push(message));
  for (let code = 0; code < 200; code++) demuxer.video(0, Uint8Array.of(0x91, 0x61, 0x61, 0x61, code));
  assert.equal(warned.length, 16);
});

function onlyProtocolErrors(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}
