import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mutate } from '../../../test/fuzz/mutate.ts';
import { Random } from '../../../test/fuzz/random.ts';
import { type Box, boxAt, boxesIn } from '../../../test/support/boxes.ts';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import { aacTrack } from '../../codec/aac/config.ts';
import { ac3Track } from '../../codec/ac3/frame.ts';
import { av1Track } from '../../codec/av1/config.ts';
import { flacTrack } from '../../codec/flac/config.ts';
import { h264Track } from '../../codec/h264/config.ts';
import { h265Track } from '../../codec/h265/config.ts';
import { mp3Track } from '../../codec/mp3/frame.ts';
import { opusTrack } from '../../codec/opus/config.ts';
import { vp8Track } from '../../codec/vp8/frame.ts';
import { vp9Track } from '../../codec/vp9/config.ts';
import type { Track } from '../../media/track.ts';
import { initSegment } from './init.ts';
import { readInitSegment } from './read-init.ts';

const AVCC = '0142c028ffe100196742c028da01e0089f970110000003001000000303c0f1832a01000468ce0fc8';
const HVCC_HEAD = '0102200000009000000000003ff000fcfdfafa00000f03';
const HVCC_SETS = [
  '0001001840010c01ffff02200000030090000003000003003f959409',
  '0001002b42010102200000030090000003000003003fa005020171d4cd965654a4c2f0168080000003008000000f04',
  '000100064401c073c189',
];
const hvcC = (completeness: string) =>
  `${HVCC_HEAD}${HVCC_SETS.map((sets, i) => `${completeness}${i}${sets}`).join('')}`;
const AV1C = '81010c000a0b0000000cc4fb6536be4010';
const VPCC = '0015820202020000';
const FLAC = '664c614300000022120012000004a30005080ac442f0000022745d105ceb212ad5d36e4f5608def3d8b7';

/** ISO/IEC 14496-14, 5.6: the descriptors in the descriptor of an elementary stream. */
const esds = (objectType: string, config: string) => {
  const length = (hex: string) => `808080${(hex.length / 2).toString(16).padStart(2, '0')}`;
  const specific = config === '' ? '' : `05${length(config)}${config}`;
  const decoder = `${objectType}15000000${'00'.repeat(8)}${specific}`;
  const stream = `000000${`04${length(decoder)}${decoder}`}0680808001${'02'}`;
  return `00000000${`03${length(stream)}${stream}`}`;
};

interface Case {
  readonly track: Track | undefined;
  readonly entry: string;
  readonly box: string;
  readonly configuration: string;
}

const cases: Record<string, Case> = {
  h264: { track: h264Track(fromHex(AVCC)), entry: 'avc1', box: 'avcC', configuration: AVCC },
  'h265, its parameter sets said to be complete': {
    track: h265Track(fromHex(hvcC('2'))),
    entry: 'hvc1',
    box: 'hvcC',
    configuration: hvcC('a'),
  },
  av1: { track: av1Track(fromHex(AV1C)), entry: 'av01', box: 'av1C', configuration: AV1C },
  vp9: { track: vp9Track(fromHex(VPCC)), entry: 'vp09', box: 'vpcC', configuration: `01000000${VPCC}` },
  aac: { track: aacTrack(fromHex('121056e500')), entry: 'mp4a', box: 'esds', configuration: esds('40', '121056e500') },
  mp3: { track: mp3Track(fromHex('fffb9000')), entry: 'mp4a', box: 'esds', configuration: esds('6b', '') },
  'mp3 of MPEG-2': { track: mp3Track(fromHex('fff370c0')), entry: 'mp4a', box: 'esds', configuration: esds('69', '') },
  opus: {
    track: opusTrack(fromHex('4f707573486561640102380180bb0000feff00')),
    entry: 'Opus',
    box: 'dOps',
    configuration: '00 02 0138 0000bb80 fffe 00'.replaceAll(' ', ''),
  },
  'opus of many channels': {
    track: opusTrack(fromHex('4f7075734865616401060000 80bb0000 0000 01 0402 000401020305')),
    entry: 'Opus',
    box: 'dOps',
    configuration: '00 06 0000 0000bb80 0000 01 0402 000401020305'.replaceAll(' ', ''),
  },
  flac: { track: flacTrack(fromHex(FLAC)), entry: 'fLaC', box: 'dfLa', configuration: `00000000${FLAC.slice(8)}` },
};

/** The sample entry of the only track. */
function entryOf(init: Uint8Array): Box {
  const description = boxAt(init, 'moov/trak/mdia/minf/stbl/stsd');
  assert.equal(description.body.readUInt32BE(4), 1);
  return boxesIn(description.body.subarray(8))[0]!;
}

describe('the sample entry of', () => {
  for (const [what, { track, entry, box, configuration }] of Object.entries(cases))
    test(what, () => {
      const init = initSegment([track!]);
      const found = entryOf(init);
      assert.equal(found.type, entry);
      const [child] = boxesIn(found.body.subarray(track!.kind === 'video' ? 78 : 28));
      assert.deepEqual([child!.type, toHex(child!.body)], [box, configuration]);
      // Parameter sets are said to be complete where they were not.
      const config = track!.codec === 'h265' ? fromHex(configuration) : track!.config;
      assert.deepEqual(readInitSegment(init), [{ ...track!, config }]);
    });
});

test('what is damaged or foreign has no tracks, or is refused', () => {
  const init = initSegment([cases['aac']!.track!, cases['h264']!.track!]);
  assert.deepEqual(
    readInitSegment(init).map(({ codec }) => codec),
    ['aac', 'h264'],
  );
  assert.deepEqual(readInitSegment(init.subarray(0, 0)), []);
  const random = new Random(6);
  for (let i = 0; i < 500; i++) {
    try {
      readInitSegment(mutate(init, random, [init]));
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  }
});

test('a picture has its size, a sound its channels and rate', () => {
  const init = initSegment([cases['h264']!.track!]);
  assert.deepEqual([entryOf(init).body.readUInt16BE(24), entryOf(init).body.readUInt16BE(26)], [1920, 1080]);
  assert.equal(toHex(boxAt(init, 'moov/trak/tkhd').body.subarray(-8)), '0780000004380000');
  const sound = entryOf(initSegment([cases['aac']!.track!]));
  assert.deepEqual([sound.body.readUInt16BE(16), sound.body.readUInt32BE(24)], [2, 44_100 * 65_536]);
});

test('times are microseconds, tracks have their numbers, and all samples are in fragments', () => {
  const init = initSegment([cases['aac']!.track!, cases['h264']!.track!]);
  const [ftyp, moov] = boxesIn(init);
  assert.deepEqual([ftyp!.type, moov!.type], ['ftyp', 'moov']);
  assert.deepEqual(
    boxesIn(moov!.body).map(({ type }) => type),
    ['mvhd', 'trak', 'trak', 'mvex'],
  );
  const tracks = boxesIn(moov!.body).filter(({ type }) => type === 'trak');
  assert.deepEqual(
    tracks.map(({ body }) => boxAt(body, 'mdia/mdhd').body.readUInt32BE(12)),
    [1_000_000, 1_000_000],
  );
  assert.deepEqual(
    tracks.map(({ body }) => [boxAt(body, 'mdia/hdlr').body.toString('latin1', 8, 12), boxAt(body, 'tkhd').body[15]]),
    [
      ['soun', 2],
      ['vide', 1],
    ],
  );
  const extended = boxesIn(boxAt(init, 'moov/mvex').body).map(({ body }) => body.readUInt32BE(4));
  assert.deepEqual(extended, [2, 1]);
});

test('what fMP4 cannot carry is refused by name', () => {
  const vp8 = vp8Track(fromHex('9047009d012aa00078000007088585888584'))!;
  const ac3 = ac3Track(fromHex('0b77b50b1e40ebf8403eff99'));
  for (const track of [vp8, ac3]) {
    const isRefused = (error: unknown) => error instanceof RefusedError && error.message.endsWith(track.codec);
    assert.throws(() => initSegment([track]), isRefused);
  }
});
