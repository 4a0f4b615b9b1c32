import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIO, VIDEO } from '../../test/support/recording.ts';
import {
  type End,
  type Fragment,
  type Gap,
  type Header,
  manifestLine,
  proofOf,
  readEnds,
  readManifest,
  tellTrack,
  trackOf,
} from './manifest.ts';

const header: Header = {
  recording: 1,
  stream: '__defaultVhost__/live/movie',
  format: 'fmp4',
  began: 1_800_000_000_000,
  anchor: 1_799_999_000_000_000,
  continues: false,
  tracks: [VIDEO, AUDIO].map(tellTrack),
  opening: proofOf(Uint8Array.of(1, 2, 3)),
  pid: 7,
};
const fragment: Fragment = {
  at: 3,
  ...proofOf(Uint8Array.of(4, 5)),
  wall: 1_800_000_000_000,
  key: true,
  stamp: { segment: 7, discontinuity: 1, time: 0, wall: 1_800_000_000_000_123 },
  order: '60',
  video: { frames: 6, first: 0, last: 200_000 },
};
const gap: Gap = { gap: 'slow', from: 200_000, to: 1_000_000, frames: 20 };
const end: End = { end: 'done', size: 5, ended: 1_800_000_001_000, video: 6, audio: 0, missing: 20 };
const parts = [header, fragment, gap, end];
const text = parts.map(manifestLine).join('');

test('a manifest is read as it was written', () => {
  const manifest = readManifest(text)!;
  assert.deepEqual(manifest.header, header);
  assert.deepEqual([manifest.fragments, manifest.gaps, manifest.end], [[fragment], [gap], end]);
  assert.deepEqual(
    manifest.lines.map(({ bytes }) => bytes),
    parts.map((part) => manifestLine(part).length),
  );
});

test('a track is the same when it is read as when it was told', () => {
  for (const track of [VIDEO, AUDIO]) assert.deepEqual(trackOf(tellTrack(track)), track);
});

test('of a manifest that is cut anywhere, all whole lines are read', () => {
  const lengths = parts.map((part) => manifestLine(part).length);
  for (let length = 0; length <= text.length; length++) {
    let [rest, whole] = [length, 0];
    while (whole < lengths.length && rest >= lengths[whole]!) rest -= lengths[whole++]!;
    assert.equal(readManifest(text.slice(0, length))?.lines.length ?? 0, whole, `${length} bytes`);
  }
});

for (const line of [
  '{}',
  '[]',
  'null',
  '{"at":-1,"size":1,"hash":"","wall":0,"key":true}',
  '{"at":1,"size":1,"hash":"","wall":0,"key":true,"order":"10"}',
  '{"gap":"whim","from":0,"to":0,"frames":0}',
]) {
  test(`nothing is read from a line like ${line} on`, () => {
    assert.deepEqual(readManifest(`${manifestLine(header)}${line}\n${manifestLine(fragment)}`)?.fragments, []);
    assert.equal(readManifest(`${line}\n`), undefined);
  });
}

test('a list needs only the two ends of a manifest', () => {
  assert.deepEqual(readEnds(text, text.slice(-200)), { header, end });
  assert.equal(readEnds(text, manifestLine(fragment)), undefined);
  assert.equal(readEnds('', ''), undefined);
});
