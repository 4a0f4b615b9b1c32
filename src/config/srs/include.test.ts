import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../load.ts';
import { readDirectives } from './include.ts';
import { LIMITS } from './syntax.ts';

/** Files by their whole names; the program runs in `/run`. */
function read(text: string, files: Readonly<Record<string, string>>, name = '/etc/srs/main.conf'): string[] {
  const reading = { folder: '/run', read: (file: string) => files[file] };
  return readDirectives(name, text, reading).map(
    ({ name, args, block, where }) =>
      `${name} ${args.join(' ')}${block ? `{${block.map((each) => each.name).join()}}` : ''} ${where}`,
  );
}

function refusal(text: string, files: Readonly<Record<string, string>>): string {
  try {
    read(text, files);
  } catch (error) {
    if (error instanceof ConfigError && error.problems.length === 1) return error.message;
    throw error;
  }
  return assert.fail('nothing was refused');
}

test('what is included stands in the place of the directive, and knows its own file', () => {
  assert.deepEqual(read('a;\ninclude b.conf;\nd;', { '/etc/srs/b.conf': '\nb 1;c;' }), [
    'a  /etc/srs/main.conf:1',
    'b 1 b.conf:2',
    'c  b.conf:2',
    'd  /etc/srs/main.conf:3',
  ]);
});

test('it may stand in a block, and name several files', () => {
  const files = { '/etc/srs/b.conf': 'b;', '/etc/srs/c.conf': 'c;' };
  assert.deepEqual(read('v x { include b.conf c.conf; }', files), ['v x{b,c} /etc/srs/main.conf:1']);
});

test('a file is looked for beside the one that includes it, and then where the program runs', () => {
  const files = { '/run/conf/b.conf': 'include c.conf;', '/run/conf/c.conf': 'near;', '/run/c.conf': 'far;' };
  assert.deepEqual(read('include ./conf/b.conf;', files), ['near  c.conf:1']);
  assert.deepEqual(read('include c.conf;', files), ['far  c.conf:1']);
});

test('a file that includes itself, however many are between, is refused', () => {
  const files = { '/etc/srs/b.conf': 'x;\ninclude c.conf;', '/etc/srs/c.conf': 'include ./main.conf;' };
  assert.equal(refusal('include b.conf;', files), 'c.conf:1: ./main.conf would include itself');
});

test('a file that is not there, or is wrong, is named where it is included', () => {
  assert.equal(refusal('\ninclude b.conf;', {}), '/etc/srs/main.conf:2: there is no file b.conf to include');
  assert.equal(refusal('include b.conf;', { '/etc/srs/b.conf': 'a {' }), 'b.conf:1: the block of a is not closed');
});

test('neither many files nor large ones are too much', () => {
  assert.match(refusal('include b.conf;'.repeat(101), { '/etc/srs/b.conf': '' }), /more than 100 files/);
  const large = { '/etc/srs/b.conf': `#${'x'.repeat(LIMITS.text - 100)}\n` };
  assert.match(refusal('include b.conf b.conf;', large), /more than 1048576 characters/);
});
