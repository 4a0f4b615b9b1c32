import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProtocolError } from '../base/errors.ts';
import { loggerTo } from '../ops/log.ts';
import { type Aside, readAside, UnknownAsides, writeAside } from './asides.ts';
import { MESSAGE_HEAD } from './wire/message.ts';

const KNOWN: Aside[] = [
  { op: 'state' },
  { op: 'state', ahead: -1312, delay: 200_481, trace: 'xo5m38ft' },
  { op: 'audience', viewers: 120 },
  { op: 'last', sequence: 48_211 },
];

/** What newer versions may say. */
const NEWER: [name: string, json: string, heard: object][] = [
  ['a kind of aside', '{"op":"weather","wind":[1,2]}', { op: 'unknown', kind: 'weather' }],
  ['one with the longest name', `{"op":"${'x'.repeat(64)}"}`, { op: 'unknown', kind: 'x'.repeat(64) }],
  ['one that is called unknown', '{"op":"unknown"}', { op: 'unknown', kind: 'unknown' }],
  ['a member of one', '{"op":"audience","viewers":3,"bots":2}', { op: 'audience', viewers: 3 }],
];

const MALFORMED: [name: string, json: string][] = [
  ['nothing', ''],
  ['no JSON', '{"op":'],
  ['no object', 'null'],
  ['a list', '["state"]'],
  ['no kind', '{"viewers":3}'],
  ['a kind that is no text', '{"op":4}'],
  ['a kind with a name that is too long', `{"op":"${'x'.repeat(65)}"}`],
  ['a known kind that lacks something', '{"op":"audience"}'],
  ['a known kind with a wrong value', '{"op":"last","sequence":-1}'],
];

describe('asides', () => {
  for (const said of KNOWN)
    test(`are read as they are written: ${JSON.stringify(said)}`, () =>
      assert.deepEqual(readAside(writeAside(said).subarray(MESSAGE_HEAD)), said));

  for (const [name, json, heard] of NEWER)
    test(`of a newer version are no fault: ${name}`, () => assert.deepEqual(readAside(Buffer.from(json)), heard));

  for (const [name, json] of MALFORMED)
    test(`that are malformed are a fault: ${name}`, () =>
      assert.throws(() => readAside(Buffer.from(json)), ProtocolError));
});

test('the log has a line for each kind of unknown asides, whoever says them, and for so many at most', () => {
  const lines: Record<string, unknown>[] = [];
  const unknown = new UnknownAsides(loggerTo({ write: (line) => void lines.push(JSON.parse(line)) }));
  for (const session of ['one', 'other']) for (let i = 0; i < 100; i++) unknown.note(`kind ${i}`, session);
  assert.deepEqual(
    lines.map(({ aside, session }) => [aside, session]),
    Array.from({ length: 16 }, (_, i) => [`kind ${i}`, 'one']),
  );
});
