import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf, protocolsOf } from './front.ts';

const at = (port: number) => ({ host: '0.0.0.0', port });

test('a node is reached as it is configured, else where its machine is', () => {
  const ports = { http: 8080, https: 8443, rtmp: 1935 };
  assert.deepEqual(placeOf({ ports }, '10.0.0.7'), { http: 'http://10.0.0.7:8080', rtmp: 'rtmp://10.0.0.7:1935' });
  assert.equal(placeOf({ ports: { https: 8443 } }, '2001:db8::7').http, 'https://[2001:db8::7]:8443');
  const url = 'https://[2001:db8::8]:444';
  assert.deepEqual(placeOf({ url, ports }, '10.0.0.7'), { http: url, rtmp: 'rtmp://[2001:db8::8]:1935' });
  assert.deepEqual(placeOf({ ports }, undefined), { http: undefined, rtmp: undefined });
});

test('a node that says nonsense of itself is reached nowhere', () => {
  const ports = { http: 8080, rtmp: 1935 };
  const nowhere = { http: undefined, rtmp: undefined };
  for (const host of ['fe80::1%eth0', 'a b', '', '[::1']) assert.deepEqual(placeOf({ ports }, host), nowhere, host);
  for (const url of ['edge-1', 'http://[::1', 'http://'])
    assert.deepEqual(placeOf({ url, ports }, '10.0.0.7'), nowhere, url);
});

test('only what is served is told', () => {
  const times = { part: 200_000, segment: 2_000_000 };
  const all = protocolsOf({ http: at(8080), rtmp: at(1935) }, times);
  assert.deepEqual(all, { 'http-flv': 0, 'ws-flv': 0, 'll-hls': 600, hls: 6000, rtmp: 0 });
  assert.deepEqual(protocolsOf({ rtmp: at(1935) }, times), { rtmp: 0 });
});
