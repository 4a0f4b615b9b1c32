import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { ConfigError, loadConfig } from './load.ts';
import { clusterOptions, type OriginAddress, relayOptions, type UpstreamAddress } from './options.ts';

const schema = z.strictObject({ relay: relayOptions, cluster: clusterOptions });

function originsIn(...urls: string[]): readonly (OriginAddress | UpstreamAddress)[] {
  const text = JSON.stringify({ relay: { origins: urls } });
  return loadConfig(schema, { file: { name: 'headwater.yaml', text } }).relay.origins;
}

const good: [url: string, origin: OriginAddress | UpstreamAddress][] = [
  ['headwater://origin.example.com', { host: 'origin.example.com', port: 4242 }],
  ['headwater://10.0.0.7:5000/', { host: '10.0.0.7', port: 5000 }],
  ['headwater://[2001:db8::7]:5000', { host: '2001:db8::7', port: 5000 }],
  ['headwater://origin?join=hwj1.a-b_C', { host: 'origin', port: 4242, joinToken: 'hwj1.a-b_C' }],
  [
    'headwater://origin?join=hwj1.a&media=15220',
    { host: 'origin', port: 4242, joinToken: 'hwj1.a', mediaPort: 15_220 },
  ],
  ['headwater://origin:1/?join=hwj1.a', { host: 'origin', port: 1, joinToken: 'hwj1.a' }],
  ['rtmp://srs:19350', { url: 'rtmp://srs:19350/[app]/[stream]' }],
  ['rtmps://[2001:db8::7]:443/', { url: 'rtmps://[2001:db8::7]:443/[app]/[stream]' }],
  ['http://srs:8080/?token=x', { url: 'http://srs:8080/[app]/[stream].flv?token=x' }],
  ['https://cdn.example/live', { url: 'https://cdn.example/live/[stream].flv' }],
  ['rtmps://cdn.example/[app]/x-[stream]', { url: 'rtmps://cdn.example/[app]/x-[stream]' }],
];

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
  'rtmp://origin:70000',
  'rtsp://origin',
  'srt://origin',
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

describe('relay.fec', () => {
  const read = (fec: unknown) =>
    loadConfig(schema, { file: { name: 'h.yaml', text: JSON.stringify({ relay: { fec } }) } });
  const cases: [raw: unknown, value: unknown][] = [
    ['auto', 'auto'],
    ['off', 'off'],
    [false, 'off'],
    [20, 0.2],
    ['100', 1],
  ];
  for (const [raw, value] of cases) {
    test(`may be ${raw}`, () => assert.equal(read(raw).relay.fec, value));
  }
  for (const raw of [0, 101, 12.5, 'on', true, '']) {
    test(`may not be ${JSON.stringify(raw)}`, () => assert.throws(() => read(raw), /relay\.fec.*from 1 to 100/));
  }
});

for (const [text, workers] of [
  ['{}', 1],
  ['cluster: { workers: 4 }', 4],
  ['cluster: { workers: auto }', undefined],
] as const) {
  test(`with ${text} there are ${workers ?? 'as many workers as cores'}`, () => {
    assert.equal(loadConfig(schema, { file: { name: 'headwater.yaml', text } }).cluster.workers, workers);
  });
}

test('the environment has the number of workers as well, and what is none is told', () => {
  const inEnvironment = (HEADWATER_CLUSTER_WORKERS: string) =>
    loadConfig(schema, { env: { HEADWATER_CLUSTER_WORKERS } });
  assert.equal(inEnvironment('auto').cluster.workers, undefined);
  assert.equal(inEnvironment('2').cluster.workers, 2);
  for (const wrong of ['0', '65', '-1', 'all', ''])
    assert.throws(() => inEnvironment(wrong), /cluster\.workers.*allowed is auto or a whole number from 1 to 64/);
});

describe('a cluster', () => {
  const read = (cluster: object) =>
    loadConfig(schema, { file: { name: 'headwater.yaml', text: JSON.stringify({ cluster }) } }).cluster;

  test('has its directory in a Redis, or is one node alone', () => {
    for (const url of ['redis://:secret@10.0.0.7:6379/1', 'rediss://redis', 'redis+sentinel://a,b:26380/live'])
      assert.equal(read({ directory: url }).directory, url);
    assert.equal(read({}).directory, undefined);
  });

  test('says where a node is reached', () => {
    assert.equal(read({}).address, undefined);
    assert.deepEqual(read({ address: 'node-a.example' }).address, { host: 'node-a.example' });
    assert.deepEqual(read({ address: '10.0.0.7:14242' }).address, { host: '10.0.0.7', port: 14_242 });
    assert.deepEqual(read({ address: '[2001:db8::7]' }).address, { host: '2001:db8::7' });
  });

  for (const wrong of [{ directory: 'mysql://x' }, { name: 'a b' }, { address: ':4242' }, { address: 'host:0' }])
    test(`does not take ${JSON.stringify(wrong)}`, () => assert.throws(() => read(wrong), ConfigError));
});
