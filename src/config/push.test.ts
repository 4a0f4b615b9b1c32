import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { ConfigError, loadConfig } from './load.ts';
import { relayOptions } from './options.ts';
import { isGroup, type PushAddress } from './push.ts';

const schema = z.strictObject({ relay: relayOptions });

function relayOf(relay: object) {
  return loadConfig(schema, { file: { name: 'headwater.yaml', text: JSON.stringify({ relay }) } }).relay;
}

const addresses: [text: string, address: PushAddress, group: boolean][] = [
  ['239.255.0.1:5222', { host: '239.255.0.1', port: 5222 }, true],
  ['224.0.0.1:1', { host: '224.0.0.1', port: 1 }, true],
  ['[ff15::5222]:65535', { host: 'ff15::5222', port: 65_535 }, true],
  ['[FF05:0:0:0:0:0:0:1]:5222', { host: 'ff05::1', port: 5222 }, true],
  ['192.0.2.7:5222', { host: '192.0.2.7', port: 5222 }, false],
  ['[2001:DB8::7]:5222', { host: '2001:db8::7', port: 5222 }, false],
  ['223.255.255.255:5222', { host: '223.255.255.255', port: 5222 }, false],
  ['240.0.0.1:5222', { host: '240.0.0.1', port: 5222 }, false],
];

describe('an address that is pushed to', () => {
  for (const [text, address, group] of addresses) {
    test(`${text} is ${group ? 'a group' : 'that of a machine'}`, () => {
      const [rule] = relayOf({ push: [{ paths: ['live/*'], to: [text] }] }).push;
      assert.deepEqual(rule, { paths: ['live/*'], to: [address], latency: 500_000 });
      assert.equal(isGroup(address.host), group);
    });
  }

  for (const text of [
    '239.255.0.1',
    '239.255.0.1:0',
    '239.255.0.1:65536',
    'edge:5222',
    'ff15::1:5222',
    '[239.0.0.1]:5',
    ':5222',
  ]) {
    test(`${text} is none, and the message says what is`, () => {
      assert.throws(
        () => relayOf({ push: [{ paths: ['live/*'], to: [text] }] }),
        (error: ConfigError) =>
          error instanceof ConfigError && /relay\.push\.0\.to\.0.*239\.255\.0\.1:5222/.test(error.message),
      );
    });
  }
});

test('what is wrong in a rule is named', () => {
  const cases: [rule: object, message: RegExp][] = [
    [{ to: ['239.0.0.1:5'] }, /relay\.push\.0\.paths is missing/],
    [{ paths: ['live/*'] }, /relay\.push\.0\.to is missing/],
    [{ paths: ['live'], to: [] }, /relay\.push\.0\.paths\.0: "live" is not allowed; allowed is a path/],
    [{ paths: [], to: [], ttl: 1 }, /relay\.push\.0\.ttl is no option/],
  ];
  for (const [rule, message] of cases) assert.throws(() => relayOf({ push: [rule] }), message);
});

test('a rule may come by the environment', () => {
  const env = { HEADWATER_RELAY_PUSH: '[{paths: [live/*], to: ["239.255.0.1:5222"], latency: 200ms}]' };
  const { push } = loadConfig(schema, { env }).relay;
  assert.deepEqual(push, [{ paths: ['live/*'], to: [{ host: '239.255.0.1', port: 5222 }], latency: 200_000 }]);
});
