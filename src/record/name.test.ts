import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { streamPath } from '../hub/path.ts';
import { checkTemplate, recordingName } from './name.ts';

const WALL = new Date(2027, 0, 5, 9, 8, 7, 45).getTime() * 1000;
const MOVIE = '__defaultVhost__/live/movie';

const names: [template: string, path: string, name: string][] = [
  ['[app]/[stream]', MOVIE, 'live/movie'],
  ['[vhost]/[app]/[stream]', 'a.example/live/x/movie', 'a.example/live/x/movie'],
  ['[2006]-[01]-[02]T[15]_[04]_[05].[999]', MOVIE, '2027-01-05T09_08_07.045'],
  ['rec/[timestamp]', MOVIE, `rec/${WALL / 1000}`],
  ['[stream]', '__defaultVhost__/live/.hidden', '_hidden'],
  ['[stream].[stream]', '__defaultVhost__/live/a.', 'a.a.'],
];

for (const [template, path, name] of names) {
  test(`${template} of ${path} is ${name}`, () => {
    assert.ok(checkTemplate(template));
    assert.equal(recordingName(template, path, WALL), name);
  });
}

for (const template of [
  '',
  '/[stream]',
  '../[stream]',
  'a/../[stream]',
  'a//b',
  '[stream]/',
  '[date]',
  '.[stream]',
  'a b',
  '[stream',
]) {
  test(`"${template}" is no template`, () => assert.ok(!checkTemplate(template)));
}

test('no stream is recorded outside of the folder, whatever its name and the template', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._~-]{1,20}$/).filter((text) => text !== '.' && !text.includes('..'));
  const part = fc.constantFrom('[vhost]', '[app]', '[stream]', '/', '.', '..', 'a', '[05]', '-');
  const template = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(template, name, name, name, (text, vhost, app, stream) => {
      if (!checkTemplate(text)) return;
      const file = resolve(join('/rec', recordingName(text, streamPath(vhost, app, stream), WALL)));
      assert.ok(file.startsWith('/rec/'), file);
    }),
    { seed: 1, numRuns: 2000 },
  );
});
