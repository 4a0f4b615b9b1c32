import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedAnswer, capturedDatagrams } from '../../../../test/support/original-cloud.ts';
import { announcement, readAnnouncement } from './announcement.ts';
import { livestat, readLivestat } from './livestat.ts';

test('the original cloud announces its ports, and ours does it with the same bytes', () => {
  const [first] = capturedDatagrams();
  assert.deepEqual(readAnnouncement(first!), { quic: 4242, api: 8090 });
  assert.deepEqual(announcement({ quic: 4242, api: 8090 }), first);
});

test('no other datagram is an announcement', () => {
  for (const datagram of [...capturedDatagrams().slice(1, 4), new Uint8Array(8), new Uint8Array(0)])
    assert.equal(readAnnouncement(datagram), undefined);
});

test('the streams of the original cloud are found', () => {
  const { body } = capturedAnswer('api-live');
  assert.deepEqual(readLivestat(body), [{ key: 'live/movie', ssrc: 1_020_304, startTime: 1_795_222_214_194 }]);
  assert.deepEqual(readLivestat(capturedAnswer('api-idle').body), []);
});

test('what ours answers has the shape of the original', () => {
  const { publishers } = (capturedAnswer('api-live').body as { data: { publishers: [never] } }).data;
  assert.deepEqual({ status: 200, data: livestat(publishers, []) }, capturedAnswer('api-live').body);
  assert.deepEqual({ status: 200, data: livestat([], []) }, capturedAnswer('api-idle').body);
});

const strange: [what: string, answer: unknown, expected: unknown][] = [
  ['nothing', undefined, undefined],
  ['an error', { status: 404, data: 'room not found or inactive' }, undefined],
  ['no list', { status: 200, data: { publishers: 7 } }, undefined],
  ['no key', { status: 200, data: { publishers: [{ ssrc: 1 }, null, 'x'] } }, []],
  [
    'no SSRC',
    {
      status: 200,
      data: {
        publishers: [
          { key: 'a/b', ssrc: -1 },
          { key: 'a/b', ssrc: '1' },
        ],
      },
    },
    [],
  ],
  [
    'no start',
    { status: 200, data: { publishers: [{ key: 'a/b', ssrc: 1 }] } },
    [{ key: 'a/b', ssrc: 1, startTime: 0 }],
  ],
];

for (const [what, answer, expected] of strange)
  test(`an answer with ${what} is survived`, () => assert.deepEqual(readLivestat(answer), expected));
