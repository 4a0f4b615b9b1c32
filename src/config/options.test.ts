import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { ConfigError, loadConfig } from './load.ts';
import { type OriginAddress, relayOptions, type UpstreamAddress } from './options.ts';

const schema = z.strictObject({ relay: relayOptions });

function originsIn(...urls: string[]): readonly (OriginAddress | UpstreamAddress)[] {
  const text = JSON.stringify({ relay: { origins: urls } });
  return loadConfig(schema, { file: { name: 'headwater.yaml', text } }).relay.origins;
}

const good: [url: string, origin: OriginAddress][] = [
  ['headwater://origin.example.com', { host: 'origin.example.com', port: 4242 }],
  ['headwater://10.0.0.7:5000/', { host: '10.0.0.7', port: 5000 }],
  ['headwater://[2001:db8::7]:5000', { host: '2001:db8::7', port: 5000 }],
  ['headwater://origin?join=hwj1.a-b_C', { host: 'origin', port: 4242, joinToken: 'hwj1.a-b_C' }],
  [
    'headwater://origin?join=hwj1.a&media=15220',
    { host: 'origin', port: 4242, joinToken: 'hwj1.a', mediaPort: 15_220 },
  ],
  ['headwater://origin:1/?join=hwj1.a', { host: 'origin', port: 1, joinToken: 'hwj1.a' }],
];

const upstreams = [
  'rtmp://origin',
  'rtmps://origin:443/',
  'rtmp://[2001:db8::7]:1935/[app]/[stream]?vhost=[vhost]&token=secret',
  'http://origin:8080',
  'https://cdn.example.com/x/[app]_[stream].flv',
];

for (const url of upstreams) {
  test(`${url} is a server of another kind`, () => assert.deepEqual(originsIn(url), [{ url }]));
}

for (const [url, origin] of good) {
  test(`${url} is an origin`, () => assert.deepEqual(originsIn(url), [origin]));
}

test('the environment has origins between commas', () => {
  const { relay } = loadConfig(schema, { env: { HEADWATER_RELAY_ORIGINS: 'headwater://a, headwater://b:1' } });
  assert.deepEqual(relay.origins, [
    { host: 'a', port: 4242 },
    { host: 'b', port: 1 },
  ]);
});

for (const url of [
  'origin:4242',
  'rtmp://',
  'rtmp://u:p@origin',
  'rtmp://origin:0',
  'rtmp://origin/live',
  'rtsp://origin',
  'ftp://origin/[app]/[stream]',
  'headwater://',
  'headwater://a:0',
  'headwater://a:70000',
  'headwater://a?key=secret',
  'headwater://a?media=0',
  'headwater://a?media=70000',
  'headwater://a?join=',
]) {
  test(`${url} is no origin, and the message does not show it`, () => {
    assert.throws(
      () => originsIn(url),
      (error: ConfigError) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /relay\.origins.*headwater:\/\/HOST/);
        assert.ok(!error.message.includes(`${url}"`), error.message);
        return true;
      },
    );
  });
}
