import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfigFile, writeConfigFile } from './file.ts';

const folder = mkdtempSync(join(tmpdir(), 'headwater-config-'));
after(() => rmSync(folder, { recursive: true }));

test("a written file is its owner's alone and leaves nothing beside it", () => {
  const file = join(folder, 'headwater.yaml');
  writeConfigFile(file, 'a: 1\n');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(readConfigFile(file), 'a: 1\n');
  assert.deepEqual(readdirSync(folder), ['headwater.yaml']);
});

test('a file that cannot be put in its place leaves nothing behind', () => {
  const target = join(folder, 'taken', 'headwater.yaml');
  assert.throws(() => writeConfigFile(target, 'a: 1\n'), { code: 'ENOENT' });
  writeFileSync(join(folder, 'blocker'), '');
  assert.throws(() => writeConfigFile(join(folder, 'blocker', 'x'), ''), { code: 'ENOTDIR' });
  assert.ok(!readdirSync(folder).some((name) => name.endsWith('.partial')));
});

test('a file that is absent reads as nothing; what cannot be read is an error', () => {
  assert.equal(readConfigFile(join(folder, 'absent')), undefined);
  assert.throws(() => readConfigFile(folder), { code: 'EISDIR' });
});
