import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AmfObject, AmfValue } from '../../../container/flv/amf0.ts';
import { amfObject, ecmaArray, isAmfObject, readAllAmf0 } from '../../../container/flv/amf0.ts';
import {
  connectResult,
  createStreamResult,
  emptyResult,
  nullResult,
  onBwDone,
  onStatus,
  sampleAccess,
} from './reply.ts';

const started = {
  level: 'status',
  code: 'NetStream.Publish.Start',
  description: 'Started publishing stream.',
} as const;

const cases: [name: string, payload: Uint8Array, values: AmfValue[]][] = [
  ['onBWDone', onBwDone(), ['onBWDone', 0, null]],
  ['the result of createStream', createStreamResult(4, 1), ['_result', 4, null, 1]],
  ['the result of FCPublish', emptyResult(3), ['_result', 3, null, undefined]],
  ['the result of an unknown call', nullResult(7), ['_result', 7, null, null]],
  ['onStatus', onStatus(started), ['onStatus', 0, null, amfObject(started)]],
  [
    'onStatus with more',
    onStatus({ ...started, extra: { clientid: 'x' } }),
    ['onStatus', 0, null, amfObject({ ...started, clientid: 'x' })],
  ],
  ['onFCPublish', onStatus(started, 'onFCPublish'), ['onFCPublish', 0, null, amfObject(started)]],
  ['|RtmpSampleAccess', sampleAccess(), ['|RtmpSampleAccess', true, true]],
  [
    'the result of connect',
    connectResult(1, amfObject()),
    [
      '_result',
      1,
      amfObject({ fmsVer: 'FMS/3,5,3,888', capabilities: 127, mode: 1 }),
      amfObject({
        level: 'status',
        code: 'NetConnection.Connect.Success',
        description: 'Connection succeeded',
        objectEncoding: 0,
        data: ecmaArray({ version: '3,5,3,888' }),
      }),
    ],
  ],
];

function connected(asked: Record<string, AmfValue>): { properties: AmfObject; info: AmfObject } {
  const [, , properties, info] = readAllAmf0(connectResult(1, amfObject(asked)));
  assert.ok(isAmfObject(properties) && isAmfObject(info));
  return { properties, info };
}

describe('replies', () => {
  for (const [name, payload, values] of cases) {
    test(`${name} has the shape that clients know`, () => assert.deepEqual(readAllAmf0(payload), values));
  }

  test('the object encoding of connect is echoed if it is one', () => {
    for (const [asked, echoed] of [
      [0, 0],
      [3, 3],
      [1, 0],
      ['3', 0],
      [null, 0],
    ] as const) {
      assert.equal(connected({ objectEncoding: asked }).info.objectEncoding, echoed);
    }
  });
});

describe('enhanced RTMP', () => {
  test('is answered property by property', () => {
    const { fourCcList, ...rest } = connected({ fourCcList: ['hvc1'] }).properties;
    assert.ok(Array.isArray(fourCcList) && fourCcList.includes('hvc1') && fourCcList.includes('Opus'));
    assert.deepEqual(Object.keys(rest), ['fmsVer', 'capabilities', 'mode']);
    const { videoFourCcInfoMap, audioFourCcInfoMap, capsEx } = connected({
      videoFourCcInfoMap: amfObject({ '*': 7 }),
      audioFourCcInfoMap: ecmaArray({ Opus: 7 }),
      capsEx: 15,
    }).properties;
    assert.ok(isAmfObject(videoFourCcInfoMap) && isAmfObject(audioFourCcInfoMap));
    assert.deepEqual([videoFourCcInfoMap.hvc1, videoFourCcInfoMap.av01, audioFourCcInfoMap.Opus], [4, 4, 4]);
    assert.equal(capsEx, 12);
  });

  test('is not answered where its properties are junk', () => {
    const { properties } = connected({
      fourCcList: '*',
      videoFourCcInfoMap: [1],
      audioFourCcInfoMap: null,
      capsEx: 'all',
    });
    assert.deepEqual(Object.keys(properties), ['fmsVer', 'capabilities', 'mode']);
  });
});
