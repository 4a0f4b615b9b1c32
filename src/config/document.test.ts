import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { writeDocument } from './document.ts';
import { loadConfig } from './load.ts';
import { coreOptions } from './options.ts';
import { commentOf, membersOf, optionsOf } from './schema.ts';

const schema = z.strictObject(coreOptions);

function load(text: string) {
  return loadConfig(schema, { file: { name: 'written.yaml', text } });
}

test('what is written loads back to the defaults', () => {
  assert.deepEqual(load(writeDocument(schema)), loadConfig(schema, {}));
});

test('every option stands in the document below its line of comment', () => {
  const lines = writeDocument(schema).split('\n');
  const options = [...optionsOf(schema)];
  assert.ok(options.length > 20);
  for (const { path, type } of options) {
    const key = `${'  '.repeat(path.length - 1)}${path.at(-1)}: `;
    const at = lines.findIndex((line, i) => line.startsWith(key) && lines[i - 1]!.endsWith(commentOf(type)));
    assert.ok(at > 0, `${path.join('.')} stands in the document`);
    assert.match(lines[at - 1]!, /^ *# \S/);
  }
});

test('every section has a comment of one line', () => {
  for (const [name, section] of Object.entries(membersOf(schema) ?? {}))
    assert.match(commentOf(section), /^\S.+\.$/, name);
});

test('values stand in the place of defaults, whatever they look like', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (publishKey) => {
      const { access } = load(writeDocument(schema, { access: { publishKey } }));
      assert.equal(access.publishKey, publishKey);
      assert.equal(access.adminToken, '');
    }),
    { seed: 1, numRuns: 300 },
  );
  for (const publishKey of ['12', '-a', 'null', 'true', '1e3', '0x1', '~', '# a', 'a: b', 'off', '_a-']) {
    assert.equal(load(writeDocument(schema, { access: { publishKey } })).access.publishKey, publishKey);
  }
});
