import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, fromHex } from '../../base/bytes.ts';
import { type AmfValue, amf0, amfObject, ecmaArray } from './amf0.ts';
import { type FlvMetadata, readMetadata } from './metadata.ts';

const NOTHING: FlvMetadata = {
  kinds: undefined,
  encoder: '',
  width: 0,
  height: 0,
  frameRate: 0,
  videoBitrate: 0,
  audioBitrate: 0,
};

interface Case {
  readonly name: string;
  readonly properties: Record<string, AmfValue>;
  readonly metadata: Partial<FlvMetadata>;
}

const BOTH = new Set(['video', 'audio'] as const);
const cases: Case[] = [
  {
    name: 'what OBS sends',
    properties: {
      duration: 0,
      fileSize: 0,
      width: 1920,
      height: 1080,
      videocodecid: 7,
      videodatarate: 2500,
      framerate: 30,
      audiocodecid: 10,
      audiodatarate: 160,
      audiosamplerate: 48_000,
      audiosamplesize: 16,
      audiochannels: 2,
      stereo: true,
      encoder: 'obs-output module (libobs version 30.0.2)',
    },
    metadata: {
      kinds: BOTH,
      encoder: 'obs-output module (libobs version 30.0.2)',
      width: 1920,
      height: 1080,
      frameRate: 30,
      videoBitrate: 2_500_000,
      audioBitrate: 160_000,
    },
  },
  {
    name: 'codecs by FourCC, as number and as text',
    properties: { videocodecid: 1_752_589_105, audiocodecid: 'Opus' },
    metadata: { kinds: BOTH },
  },
  {
    name: 'video alone',
    properties: { width: 640, height: 360 },
    metadata: { kinds: new Set(['video']), width: 640, height: 360 },
  },
  {
    name: 'audio alone, zeros for video',
    properties: { width: 0, videocodecid: 0, audiosamplerate: 44_100 },
    metadata: { kinds: new Set(['audio']) },
  },
  {
    name: 'flags that contradict the rest',
    properties: { hasVideo: false, width: 640, hasAudio: true },
    metadata: { kinds: new Set(['audio']), width: 640 },
  },
  { name: 'nothing about tracks', properties: { title: 'maths' }, metadata: {} },
  {
    name: 'values of the wrong types',
    properties: { encoder: 5, height: '360', framerate: Number.NaN, videodatarate: -1, audiodatarate: Infinity },
    metadata: { kinds: BOTH },
  },
];

for (const { name, properties, metadata } of cases) {
  test(`onMetaData is read: ${name}`, () => {
    const expected = { ...NOTHING, ...metadata };
    assert.deepEqual(readMetadata(amf0('onMetaData', ecmaArray(properties))), expected);
    assert.deepEqual(readMetadata(amf0('@setDataFrame', 'onMetaData', amfObject(properties))), expected);
    const junk = fromHex('ff00');
    assert.deepEqual(readMetadata(concat([amf0('onMetaData', ecmaArray(properties)), junk])), expected);
  });
}

test('anything else is no onMetaData', () => {
  const bodies = [
    new Uint8Array(0),
    fromHex('ffff'),
    amf0('onMetaData'),
    amf0('onMetaData', 'text'),
    amf0('onTextData', ecmaArray({ width: 1 })),
    amf0('@setDataFrame'),
    amf0(5, ecmaArray({ width: 1 })),
    amf0('onMetaData', ecmaArray({ width: 1, encoder: 'cut short' })).subarray(0, 24),
  ];
  for (const body of bodies) assert.equal(readMetadata(body), undefined);
});

test('any bytes are read or passed over', () => {
  const name = amf0('onMetaData');
  const property = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    readMetadata(bytes);
    readMetadata(concat([name, bytes]));
  });
  fc.assert(property, { seed: 20_265, numRuns: 500 });
});
