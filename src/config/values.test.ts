import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { z } from 'zod';
import { duration, flag, integer, list, listen, oneOf, secret, size, streamPattern, text } from './values.ts';

type Case = { name: string; type: z.ZodType; good: [raw: unknown, value: unknown][]; wrong: unknown[] };

const cases: Case[] = [
  {
    name: 'text',
    type: text(),
    good: [
      ['a', 'a'],
      ['', ''],
    ],
    wrong: [5, null, true, undefined, ['a']],
  },
  { name: 'a secret', type: secret(), good: [['a', 'a']], wrong: [5] },
  {
    name: 'a flag',
    type: flag(),
    good: [
      [true, true],
      [false, false],
      ['true', true],
      ['false', false],
    ],
    wrong: ['yes', 1, null],
  },
  {
    name: 'one of some words',
    type: oneOf('a', 'off'),
    good: [
      ['a', 'a'],
      ['off', 'off'],
      [false, 'off'],
    ],
    wrong: ['A', '', true, undefined],
  },
  { name: 'one of words without off', type: oneOf('a'), good: [['a', 'a']], wrong: [false, 'off'] },
  {
    name: 'a whole number',
    type: integer(1, 100),
    good: [
      [1, 1],
      [100, 100],
      ['42', 42],
    ],
    wrong: [0, 101, 1.5, '0', '4.2', '', ' 4', '1e1', Number.NaN, null],
  },
  {
    name: 'a duration',
    type: duration(),
    good: [
      ['350ms', 350_000],
      ['5s', 5_000_000],
      ['1.5s', 1_500_000],
      ['2 m', 120_000_000],
      ['1h', 3_600_000_000],
      ['7d', 604_800_000_000],
      [0, 0],
      ['0', 0],
      ['0s', 0],
    ],
    wrong: [5, '5', 's', '-1s', '1e3s', '5S', '366d', '5s ', '', null, '9999999999999s'],
  },
  {
    name: 'a duration within limits',
    type: duration('1s', '10s'),
    good: [
      ['1s', 1_000_000],
      ['10s', 10_000_000],
    ],
    wrong: ['999ms', '10001ms', 0],
  },
  {
    name: 'a size',
    type: size('1KiB', '1GiB'),
    good: [
      ['1KiB', 1024],
      ['1GiB', 2 ** 30],
      ['1.5MiB', 1_572_864],
      [2048, 2048],
      ['2048B', 2048],
    ],
    wrong: ['1023B', 1023, '2GiB', '1MB', 'MiB', 1024.5, '', null, -1],
  },
  {
    name: 'a pattern of streams',
    type: streamPattern(),
    good: [
      ['live/movie', 'live/movie'],
      ['live/*', 'live/*'],
    ],
    wrong: ['live', '', 'live/mo vie', '/live/*', 5, null],
  },
  {
    name: 'an address to listen on',
    type: listen(),
    good: [
      [':1935', { port: 1935 }],
      [':0', { port: 0 }],
      ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
      ['localhost:80', { host: 'localhost', port: 80 }],
      ['[::]:65535', { host: '::', port: 65_535 }],
      ['off', undefined],
      [false, undefined],
    ],
    wrong: ['1935', 1935, ':65536', ':', '::1:80', '[]:80', 'a b:80', ':-1', '', null, undefined],
  },
  {
    name: 'a list',
    type: list(integer(1, 9)),
    good: [
      [[], []],
      [
        [1, '2'],
        [1, 2],
      ],
    ],
    wrong: [1, [0], null],
  },
];

for (const { name, type, good, wrong } of cases) {
  describe(name, () => {
    for (const [raw, expected] of good) {
      test(`may be ${JSON.stringify(raw)}`, () => assert.deepEqual(type.parse(raw), expected));
    }
    for (const raw of wrong) {
      test(`may not be ${JSON.stringify(raw) ?? 'absent'}`, () => assert.equal(type.safeParse(raw).success, false));
    }
  });
}
