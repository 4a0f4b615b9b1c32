import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressRule } from '../config/address-rule.ts';
import { addresses } from './addresses.ts';
import type { AccessRequest, Action } from './gate.ts';

/** Who may do what: `action remote`, with the path behind it if it is another one. */
function verdicts(rules: readonly string[], asked: readonly string[]): Promise<Record<string, boolean>> {
  const provider = addresses(rules.map((rule) => addressRule().parse(rule)));
  const ask = async (text: string): Promise<[string, boolean]> => {
    const [action, remote = '', path = 'v/live/movie', protocol = 'rtmp'] = text.split(' ');
    const request: AccessRequest = { action: action as Action, remote, path, protocol, query: new Map(), session: 's' };
    const verdict = await provider(request, AbortSignal.any([]));
    assert.ok(verdict === 'pass' || typeof verdict === 'object', 'it lets nobody in by itself');
    return [text, verdict === 'pass'];
  };
  return Promise.all(asked.map(ask)).then(Object.fromEntries);
}

const cases: [rules: string[], verdicts: Record<string, boolean>][] = [
  [[], { 'publish 10.0.0.1': true, 'play 10.0.0.1': true, 'admin 10.0.0.1': true }],
  [['deny publish all'], { 'publish 10.0.0.1': false, 'play 10.0.0.1': true, 'admin 10.0.0.1': true }],
  [['deny play 192.0.2.7'], { 'play 192.0.2.7': false, 'play 192.0.2.8': true, 'publish 192.0.2.7': true }],
  [
    ['allow publish 10.0.0.0/8', 'allow play all'],
    {
      'publish 10.255.0.1': true,
      'publish 11.0.0.1': false,
      'publish ::1': false,
      'publish ': false,
      'play 11.0.0.1': true,
      'play ': true,
    },
  ],
  // As in SRS: where something is allowed, nothing else is.
  [['allow publish 10.0.0.0/8'], { 'publish 10.0.0.1': true, 'play 10.0.0.1': false }],
  // As in SRS: whatever their order, what is denied is denied.
  [['deny publish all', 'allow publish 10.0.0.1', 'allow play all'], { 'publish 10.0.0.1': false, 'play ::1': true }],
  [
    ['allow play all', 'deny play 10.1.0.0/16'],
    { 'play 10.1.2.3': false, 'play ::ffff:10.1.2.3': false, 'play 10.2.0.1': true, 'play 2001:db8::1': true },
  ],
  [
    ['allow publish 2001:db8::/32', 'allow publish ::1'],
    {
      'publish 2001:db8:1::9': true,
      'publish 2001:0DB8:0::1': true,
      'publish 2001:db9::1': false,
      'publish ::1': true,
      'publish 32.1.13.184': false,
    },
  ],
  [['deny play 0.0.0.0/0'], { 'play 10.0.0.1': false, 'play 2001:db8::1': true }],
  [
    ['deny publish all', 'allow publish 10.0.0.1 vhost=A.example.com', 'deny play all vhost=a.example.com'],
    {
      'publish 10.0.0.1': false,
      'publish 10.0.0.1 a.example.com/live/x': true,
      'publish 10.0.0.1 A.Example.com/live/x': true,
      'play 10.0.0.1 a.example.com/live/x': false,
      'publish 10.0.0.1 b.example.com/live/x': false,
      'play 10.0.0.1 b.example.com/live/x': true,
    },
  ],
  // A node is let in by its key, and its viewers are asked after by itself.
  [['deny play all', 'deny publish all'], { 'play 10.0.0.1 v/a/b relay': true, 'publish 10.0.0.1 v/a/b relay': false }],
];

for (const [rules, expected] of cases) {
  test(`by ${JSON.stringify(rules)}`, async () => {
    assert.deepEqual(await verdicts(rules, Object.keys(expected)), expected);
  });
}

for (const text of [
  '',
  'allow',
  'allow all',
  'allow admin all',
  'permit play all',
  'allow play 10.0.0.0/33',
  'allow play ::/129',
  'allow play 10.0.0',
  'allow play 10.0.0.1/',
  'allow play example.com',
  'allow play all vhost=',
  'allow play all vhost=a/b',
  'allow play all extra',
  'allow play all/8',
]) {
  test(`${JSON.stringify(text)} is no rule`, () => assert.ok(!addressRule().safeParse(text).success));
}
