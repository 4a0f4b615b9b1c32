import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { loadConfig } from './load.ts';
import { coreOptions } from './options.ts';
import { describeRunning } from './running.ts';
import { duration, listen, option, secret, section } from './values.ts';

const schema = z.strictObject({
  ...coreOptions,
  http: section('HTTP.', { listen: option(listen(), ':8080', 'Where.') }),
});

function running(text: string): ReadonlyMap<string, ReturnType<typeof describeRunning>[number]> {
  const config = loadConfig(schema, { file: { name: 'test', text } });
  return new Map(describeRunning(schema, config).map((each) => [each.name, each]));
}

test('what is not set has its default, in the words of the file', () => {
  const options = running('');
  const expected = { 'http.listen': ':8080', 'window.duration': '2s', 'window.bytes': '32MiB', 'relay.listen': 'off' };
  for (const [name, value] of Object.entries({ ...expected, 'cluster.directory': 'memory', 'relay.latency': '500ms' }))
    assert.deepEqual([options.get(name)?.value, options.get(name)?.isDefault], [value, true], name);
});

test('the defaults are those that the file is written with', () => {
  for (const { name, value, fallback } of running('').values()) assert.equal(value, fallback, name);
  assert.equal(running('').get('publish.grace')?.fallback, '1m');
});

const cases: [text: string, name: string, value: string][] = [
  ['http: { listen: "off" }', 'http.listen', 'off'],
  ['http: { listen: "[::1]:80" }', 'http.listen', '[::1]:80'],
  ['window: { duration: 1.5s, bytes: 1GiB }', 'window.duration', '1.5s'],
  ['window: { duration: 1.5s, bytes: 1GiB }', 'window.bytes', '1GiB'],
  ['relay: { latency: auto }', 'relay.latency', 'auto'],
  ['relay: { fec: 12 }', 'relay.fec', '12'],
  ['cluster: { workers: auto }', 'cluster.workers', 'auto'],
  ['cluster: { address: "[2001:db8::1]:4242" }', 'cluster.address', '[2001:db8::1]:4242'],
  ['vhosts: [a.example, b.example]', 'vhosts', '[ a.example, b.example ]'],
  [
    'relay: { push: [{ paths: [live/*], to: ["239.0.0.1:5222"] }] }',
    'relay.push',
    '[ { paths: [ live/* ], to: [ 239.0.0.1:5222 ], latency: 500ms } ]',
  ],
];

for (const [text, name, value] of cases) {
  test(`${text} is told as it is, and that it is no default`, () => {
    const option = running(text).get(name);
    assert.deepEqual([option?.value, option?.isDefault], [value, false]);
  });
}

test('no secret is shown, wherever it stands', () => {
  const text = `
access: { adminToken: the-secret, publishKey: the-secret }
relay: { origins: ["headwater://host?join=the-secret"] }
cluster: { directory: "redis://:the-secret@host:6379" }`;
  const options = running(text);
  assert.doesNotMatch(JSON.stringify([...options.values()]), /the-secret/);
  const secrets = ['access.adminToken', 'access.publishKey', 'cluster.directory'];
  for (const name of secrets) assert.deepEqual(options.get(name)?.value, '***', name);
  assert.equal(options.get('relay.origins')?.value, '[ "***" ]');
});

test('a configuration that went to another process is told in the same way', () => {
  const schema = z.strictObject({
    listen: option(listen(), 'off', '.'),
    key: option(secret(), '', '.'),
    for: option(duration(), '0s', '.'),
  });
  const config: unknown = JSON.parse(JSON.stringify(schema.parse({})));
  const told = describeRunning(schema, config).map(({ value, isDefault }) => [value, isDefault]);
  assert.deepEqual(told, [
    ['off', true],
    ['', true],
    ['0ms', true],
  ]);
});
