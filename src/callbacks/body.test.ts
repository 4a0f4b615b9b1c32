import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamId } from '../net/identity.ts';
import { bodyOf, type Client, notifyUrl } from './body.ts';

const identity = { server: 'vid-0xk989d', service: '382a6890', pid: '7' };
const path = '__defaultVhost__/live/movie';
const client: Client = {
  id: '341w361a',
  ip: '192.0.2.7',
  vhost: '__defaultVhost__',
  app: 'live',
  path,
  tcUrl: 'rtmp://127.0.0.1:1935/live',
  param: '?token=xxx',
  pageUrl: 'http://example.com/page',
};
const common = { server_id: 'vid-0xk989d', service_id: '382a6890', client_id: '341w361a', ip: '192.0.2.7' };
const place = { vhost: '__defaultVhost__', app: 'live' };
const stream = { tcUrl: client.tcUrl, stream: 'movie', param: '?token=xxx' };
const ids = { stream_url: '/live/movie', stream_id: streamId(path) };

test('on_publish, on_unpublish and on_stop have the fields of SRS', () => {
  for (const action of ['on_publish', 'on_unpublish', 'on_stop'] as const)
    assert.deepEqual(JSON.parse(bodyOf(identity, action, client)), { ...common, action, ...place, ...stream, ...ids });
});

test('on_play has the page, too', () => {
  const body = JSON.parse(bodyOf(identity, 'on_play', client)) as object;
  assert.deepEqual(body, { ...common, action: 'on_play', ...place, ...stream, pageUrl: client.pageUrl, ...ids });
});

test('on_connect knows no stream, and on_close has the bytes alone', () => {
  const unnamed = { ...client, path: undefined };
  assert.deepEqual(JSON.parse(bodyOf(identity, 'on_connect', unnamed)), {
    ...common,
    action: 'on_connect',
    ...place,
    ...{ tcUrl: client.tcUrl, stream: '', param: '?token=xxx', pageUrl: client.pageUrl },
  });
  const bytes = { send_bytes: 10, recv_bytes: 20 };
  const closed = JSON.parse(bodyOf(identity, 'on_close', unnamed, bytes)) as object;
  assert.deepEqual(closed, { ...common, action: 'on_close', ...place, ...bytes });
});

test('a stream of a virtual host is told with its host', () => {
  const other = { ...client, vhost: 'a.org', path: 'a.org/live/movie' };
  const body = JSON.parse(bodyOf(identity, 'on_play', other)) as Record<string, unknown>;
  assert.deepEqual([body['vhost'], body['stream_url']], ['a.org', 'a.org/live/movie']);
});

test('the variables of on_hls_notify stand for what they say, and nothing stands for others', () => {
  const template = 'http://h/[server_id]/[service_id]/[app]/[stream]/[ts_url][param]&[vhost]';
  assert.equal(
    notifyUrl(template, identity, client, 'live/movie/7.m4s'),
    'http://h/vid-0xk989d/382a6890/live/movie/live/movie/7.m4s?token=xxx&[vhost]',
  );
  const sly = { ...client, param: '?a=[app]$&' };
  assert.equal(notifyUrl('http://h/[param]', identity, sly, ''), 'http://h/?a=[app]$&');
});
