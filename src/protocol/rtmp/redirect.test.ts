import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redirection } from './redirect.ts';
import { readCommand } from './wire/command.ts';
import { MessageType } from './wire/message.ts';
import { onStatus } from './wire/reply.ts';
import { readStatus } from './wire/request.ts';
import { parseTarget } from './wire/url.ts';

const there = { host: '10.0.0.7', port: 19_350 };

const cases: [tcUrl: string, name: string, redirect: string, redirect2: string][] = [
  ['rtmp://h/live', 'movie', 'rtmp://10.0.0.7:19350/live', 'rtmp://10.0.0.7:19350/live/movie'],
  ['rtmp://h/live', 'movie?a=1&b=2', 'rtmp://10.0.0.7:19350/live', 'rtmp://10.0.0.7:19350/live/movie?a=1&b=2'],
  [
    'rtmp://h/live?vhost=v.org',
    'movie?a=1',
    'rtmp://10.0.0.7:19350/live?vhost=v.org',
    'rtmp://10.0.0.7:19350/live/movie?vhost=v.org&a=1',
  ],
  [
    'rtmp://v.org/live',
    'movie',
    'rtmp://10.0.0.7:19350/live?vhost=v.org',
    'rtmp://10.0.0.7:19350/live/movie?vhost=v.org',
  ],
  ['rtmp://v.org/a/b', 'm?k=1', 'rtmp://10.0.0.7:19350/a/b?vhost=v.org', 'rtmp://10.0.0.7:19350/a/b/m?k=1&vhost=v.org'],
];

for (const [tcUrl, name, redirect, redirect2] of cases) {
  test(`${name} of ${tcUrl} is elsewhere: ${redirect2}`, () => {
    const status = redirection(parseTarget(tcUrl, name, ['v.org']), there);
    const payload = onStatus(status);
    const message = { chunkStreamId: 3, type: MessageType.commandAmf0, streamId: 1, timestamp: 0, payload };
    const info = readCommand(message)!.args[0] as { ex: { code: number; redirect: string; redirect2: string } };
    assert.deepEqual({ ...info.ex }, { code: 302, redirect, redirect2 });
    const { isError, redirect: read } = readStatus(info as never);
    assert.deepEqual([isError, read], [true, { url: redirect2, isWhole: true }]);
  });
}

test('an address of IPv6 stands in brackets', () => {
  const { extra } = redirection(parseTarget('rtmp://h/live', 'movie'), { host: '2001:db8::7', port: 1 });
  assert.equal((extra!['ex'] as { redirect: string }).redirect, 'rtmp://[2001:db8::7]:1/live');
});
