import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AmfValue, amfObject, readAllAmf0 } from '../../../container/flv/amf0.ts';
import { rtmpAddress } from './address.ts';
import { connectRequest, readStatus, request } from './request.ts';

test('connect tells the application, its URL, the codecs and where a stream came by', () => {
  const payload = connectRequest(1, rtmpAddress('rtmp://h/live/movie?key=1'), { via: 'one two', wait: 0 });
  const [name, transaction, object] = readAllAmf0(payload);
  assert.deepEqual([name, transaction], ['connect', 1]);
  const { app, tcUrl, via, objectEncoding, fourCcList } = object as Record<string, AmfValue>;
  assert.deepEqual([app, tcUrl, via, objectEncoding], ['live', 'rtmp://h/live', 'one two', 0]);
  assert.ok((fourCcList as string[]).includes('hvc1'));
});

test('other commands have no object', () => {
  assert.deepEqual(readAllAmf0(request('publish', 0, 'movie', 'live')), ['publish', 0, null, 'movie', 'live']);
});

const ex = (properties: Record<string, AmfValue>) =>
  amfObject({ level: 'error', code: 'C', description: 'D', ex: amfObject(properties) });
const error = { isError: true, code: 'C', description: 'D' };

const cases: [name: string, info: AmfValue, status: ReturnType<typeof readStatus>][] = [
  [
    'a status',
    amfObject({ level: 'status', code: 'NetStream.Play.Start', description: 'go' }),
    { isError: false, code: 'NetStream.Play.Start', description: 'go', redirect: undefined },
  ],
  ['an error', ex({}), { ...error, redirect: undefined }],
  [
    'a redirect to an application',
    ex({ code: 302, redirect: 'rtmp://b/live' }),
    { ...error, redirect: { url: 'rtmp://b/live', isWhole: false } },
  ],
  [
    'a redirect as SRS has it',
    ex({ code: 302, redirect: 'rtmp://b/live', redirect2: 'rtmp://b/live/movie' }),
    { ...error, redirect: { url: 'rtmp://b/live/movie', isWhole: true } },
  ],
  ['nothing', undefined, { isError: false, code: '', description: '', redirect: undefined }],
  [
    'nonsense',
    amfObject({ level: 1, code: [], ex: 2 }),
    { isError: false, code: '', description: '', redirect: undefined },
  ],
];

for (const [name, info, status] of cases) {
  test(`${name} is read`, () => assert.deepEqual(readStatus(info), status));
}

test('long words of a server are cut', () => {
  assert.equal(readStatus(amfObject({ code: 'x'.repeat(10_000) })).code.length, 200);
});
