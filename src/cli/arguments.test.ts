import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageVersion } from '../ops/version.ts';
import { type Arguments, parseArguments, UsageError } from './arguments.ts';

const good: [argv: string[], expected: Arguments][] = [
  [[], { command: 'start' }],
  [['start'], { command: 'start' }],
  [['demo'], { command: 'demo' }],
  [['--config', 'a.yaml'], { command: 'start', config: 'a.yaml' }],
  [['--config=a.yaml', 'demo'], { command: 'demo', config: 'a.yaml' }],
  [['verify', 'a.mp4'], { command: 'verify', file: 'a.mp4' }],
  [['convert', 'a.conf'], { command: 'convert', file: 'a.conf' }],
  [['trace', '341w361a'], { command: 'trace', session: '341w361a' }],
  [
    ['trace', 'a', '--server', 'http://[::1]:80', '--token', 't', '--config', 'a.yaml'],
    { command: 'trace', session: 'a', server: 'http://[::1]:80', token: 't', config: 'a.yaml' },
  ],
  [['trace', '--help'], { command: 'help' }],
  [['-e'], { command: 'start', env: true }],
  [['--env', 'demo'], { command: 'demo', env: true }],
  [['--help'], { command: 'help' }],
  [['demo', '--help'], { command: 'help' }],
  [['--version'], { command: 'version' }],
];

for (const [argv, expected] of good) {
  test(`headwater ${argv.join(' ')} is understood`, () => assert.deepEqual(parseArguments(argv), expected));
}

const wrong: [argv: string[], message: RegExp][] = [
  [['dmo'], /^dmo is no command; allowed are start, demo, verify, convert, explain and trace$/],
  [['start', 'demo'], /^one command at most is allowed, not start demo$/],
  [['verify'], /^verify wants one file$/],
  [['verify', 'a', 'b'], /^verify wants one file$/],
  [['convert'], /^convert wants one file$/],
  [['trace'], /^trace wants the id of one session$/],
  [['trace', 'a', 'b'], /^trace wants the id of one session$/],
  [['explain'], /^explain wants one stream, such as live\/movie$/],
  [['--server', 'http://host'], /^--server and --token are for explain and trace$/],
  [['-e', '--config', 'a.conf'], /^-e reads the environment alone, and --config a file$/],
  [['--hlp'], /--hlp/],
  [['-x'], /-x/],
  [['--config'], /--config/],
  [['--config', '--help'], /--config/],
  [['--help=yes'], /--help/],
];

for (const [argv, message] of wrong) {
  test(`headwater ${argv.join(' ')} is refused by one line`, () => {
    assert.throws(
      () => parseArguments(argv),
      (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });
}

test('the version is that of the package', () => assert.match(packageVersion(), /^\d+\.\d+\.\d+/));
