import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { ConfigError, loadConfig, type Sources } from './load.ts';
import { integer, list, listen, option, secret, section, text } from './values.ts';

const pair = z.strictObject({ cert: text(), key: text() });
const schema = z.strictObject({
  rtmp: section('RTMP.', {
    listen: option(listen(), ':1935', 'Where.'),
    chunkSize: option(integer(128, 65_536), 4096, 'How much.'),
    deep: section('Deep.', { publishKey: option(secret(), '', 'Secret.') }),
  }),
  names: option(list(text()), ['a'], 'Names.'),
  pairs: option(list(pair), [], 'Pairs.'),
  labels: option(z.record(z.string(), z.string()), {}, 'Labels.'),
});

const defaults = {
  rtmp: { listen: { port: 1935 }, chunkSize: 4096, deep: { publishKey: '' } },
  names: ['a'],
  pairs: [],
  labels: {},
};

function load(text: string, env: Sources['env'] = {}) {
  return loadConfig(schema, { file: { name: 'headwater.yaml', text }, env });
}

test('nothing given, everything is the default', () => {
  assert.deepEqual(loadConfig(schema, {}), defaults);
  assert.deepEqual(load(''), defaults);
  assert.deepEqual(load('# a comment alone\n'), defaults);
  assert.deepEqual(load('rtmp: {}'), defaults);
});

test('the file wins over the defaults, the environment over the file', () => {
  const config = load('rtmp:\n  chunkSize: 128\n  listen: off\n', { HEADWATER_RTMP_CHUNK_SIZE: '256', OTHER: 'x' });
  assert.deepEqual(config, { ...defaults, rtmp: { ...defaults.rtmp, chunkSize: 256, listen: undefined } });
});

test('the environment reaches sections below sections', () => {
  assert.equal(load('', { HEADWATER_RTMP_DEEP_PUBLISH_KEY: '007' }).rtmp.deep.publishKey, '007');
});

const lists: [variable: string, value: string, read: 'names' | 'pairs' | 'labels', expected: unknown][] = [
  ['HEADWATER_NAMES', '', 'names', []],
  ['HEADWATER_NAMES', 'x', 'names', ['x']],
  ['HEADWATER_NAMES', ' x , y', 'names', ['x', 'y']],
  ['HEADWATER_NAMES', '[x, "y,z"]', 'names', ['x', 'y,z']],
  ['HEADWATER_PAIRS', '[{cert: a, key: b}]', 'pairs', [{ cert: 'a', key: 'b' }]],
  ['HEADWATER_LABELS', '{a: b}', 'labels', { a: 'b' }],
];

for (const [variable, value, read, expected] of lists) {
  test(`${variable}=${value} sets a list or record`, () =>
    assert.deepEqual(load('', { [variable]: value })[read], expected));
}

test('the configuration is frozen to its depths', () => {
  const config = load('pairs: [{cert: a, key: b}]');
  assert.throws(() => Object.assign(config.rtmp.deep, { publishKey: 'x' }), TypeError);
  assert.throws(() => Object.assign(config.pairs[0]!, { cert: 'x' }), TypeError);
});

test('what Kubernetes sets for a service named headwater is no option and no mistake', () => {
  const env = {
    HEADWATER_SERVICE_HOST: '10.0.0.1',
    HEADWATER_SERVICE_PORT_HTTP: '8080',
    HEADWATER_PORT: 'tcp://10.0.0.1:1935',
    HEADWATER_PORT_1935_TCP_ADDR: '10.0.0.1',
    HEADWATER_EDGE_PORT_4242_UDP: 'udp://10.0.0.1:4242',
  };
  assert.deepEqual(load('', env), defaults);
});

type Wrong = { text?: string; env?: Sources['env']; problems: (string | RegExp)[] };

const wrong: Wrong[] = [
  {
    text: 'rtmp:\n  chunkSize: 5\n',
    problems: ['headwater.yaml:2: rtmp.chunkSize: 5 is not allowed; allowed is a whole number from 128 to 65536'],
  },
  {
    env: { HEADWATER_RTMP_CHUNK_SIZE: 'big' },
    problems: [
      'HEADWATER_RTMP_CHUNK_SIZE in the environment: rtmp.chunkSize: "big" is not allowed; allowed is a whole number from 128 to 65536',
    ],
  },
  {
    text: 'rtmp:\n\n  chunksize: 500\n',
    problems: ['headwater.yaml:3: rtmp.chunksize is no option; did you mean rtmp.chunkSize?'],
  },
  {
    text: 'colour: red\n',
    problems: ['headwater.yaml:1: colour is no option; allowed are rtmp, names, pairs, labels'],
  },
  {
    env: { HEADWATER_RTMP_LISTN: ':1' },
    problems: ['HEADWATER_RTMP_LISTN in the environment sets no option; did you mean HEADWATER_RTMP_LISTEN?'],
  },
  { env: { HEADWATER_COLOURFUL: 'x' }, problems: ['HEADWATER_COLOURFUL in the environment sets no option'] },
  {
    text: 'rtmp: 5',
    env: { HEADWATER_RTMP_LISTEN: ':1' },
    problems: ['headwater.yaml:1: rtmp: 5 is not allowed; allowed is a group of options'],
  },
  {
    text: '- a\n- b\n',
    problems: ['headwater.yaml:1: the whole file: a list is not allowed; allowed is a group of options'],
  },
  { text: 'names: x', problems: ['headwater.yaml:1: names: "x" is not allowed; allowed is a list'] },
  { text: 'names:\n- x\n- 5\n', problems: [/^headwater.yaml:3: names.1: 5 is not allowed; allowed is text/] },
  { text: 'pairs:\n- {cert: a}\n', problems: [/^headwater.yaml:2: pairs.0.key is missing; allowed is text/] },
  {
    text: 'pairs:\n- {cert: a, key: b, name: c}\n',
    problems: ['headwater.yaml:2: pairs.0.name is no option; allowed are cert, key'],
  },
  {
    env: { HEADWATER_PAIRS: '[{cert: a}]' },
    problems: [/^HEADWATER_PAIRS in the environment: pairs.0.key is missing/],
  },
  {
    env: { HEADWATER_LABELS: '{a: ' },
    problems: [/^HEADWATER_LABELS in the environment: labels: "\{a: " is not allowed; allowed is a group/],
  },
  { text: 'rtmp: [', problems: [/^headwater.yaml:1: not YAML: /] },
  { text: 'names: []\nnames: []\n', problems: [/^headwater.yaml:2: not YAML: /] },
  { text: `rtmp:\n  listen: ${'x'.repeat(500)}`, problems: [/^headwater.yaml:2: rtmp.listen: "x{59}… is not allowed/] },
  {
    text: 'rtmp:\n  chunkSize: no\n  liste: off\n',
    problems: [
      /^headwater.yaml:2: rtmp.chunkSize: "no" is not/,
      'headwater.yaml:3: rtmp.liste is no option; did you mean rtmp.listen?',
    ],
  },
];

for (const { text = '', env = {}, problems } of wrong) {
  test(`${JSON.stringify({ text, env }).slice(0, 100)} is refused by one line for each problem`, () => {
    const error = catchConfigError(() => load(text, env));
    assert.equal(error.problems.length, problems.length, error.message);
    for (const [i, problem] of problems.entries()) {
      if (typeof problem === 'string') assert.equal(error.problems[i], problem);
      else assert.match(error.problems[i]!, problem);
    }
  });
}

test('no message shows a secret', () => {
  const texts = ['rtmp: {deep: {publishKey: 12345}}', 'rtmp: {deep: [12345]}', 'rtmp: {deep: {publishKey: [12345]}}'];
  for (const text of texts) assert.doesNotMatch(catchConfigError(() => load(text)).message, /12345/);
});

function catchConfigError(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return assert.fail('nothing was refused');
}
