import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { type LowLatency, mediaPlaylist, type Segment } from './media-playlist.ts';
import { readMediaPlaylist } from './read-media-playlist.ts';

const LOW_LATENCY: LowLatency = { partTarget: SECOND / 5, hint: '9.1.m4s', reports: [] };

/** Segments as an owner stamps them, from this number on. */
const segments = fc
  .tuple(
    fc.integer({ min: 0, max: 2 ** 40 }),
    fc.integer({ min: 0, max: 99 }),
    fc.array(
      fc.record({
        leap: fc.constantFrom(0, 0, 0, 1, 2),
        duration: fc.integer({ min: 1, max: 30 * SECOND }),
        init: fc.constantFrom('init-0.mp4', 'init-1.mp4'),
        time: fc.integer({ min: 0, max: 2e12 }),
        gap: fc.boolean(),
      }),
      { minLength: 1, maxLength: 20 },
    ),
  )
  .map(([first, discontinuity, all]): Segment[] => {
    let at = discontinuity;
    return all.map(({ leap, duration, init, time, gap }, i) => {
      if (i > 0) at += leap;
      const number = first + i;
      return { number, discontinuity: at, uri: `${number}.m4s`, duration, parts: [], init, time: time * 1000, gap };
    });
  });

test('what a playlist tells of whole segments is read as it was written', () => {
  fc.assert(
    fc.property(segments, fc.boolean(), fc.boolean(), (all, ended, isWhole) => {
      const last = all.at(-1)!;
      const part = { uri: `${last.number + 1}.0.m4s`, duration: SECOND / 5, independent: true };
      const making: Segment = { ...last, number: last.number + 1, duration: undefined, parts: [part], gap: false };
      const written = isWhole || ended ? all : [...all, making];
      const text = mediaPlaylist({ segments: written, targetDuration: SECOND, lowLatency: LOW_LATENCY, ended });
      assert.deepEqual(readMediaPlaylist(text), { segments: all, ended });
    }),
    { seed: 3, numRuns: 300 },
  );
});

test('what is no playlist is refused', () => {
  const whole = mediaPlaylist({ segments: [], targetDuration: SECOND, lowLatency: undefined, ended: false });
  assert.deepEqual(readMediaPlaylist(whole), { segments: [], ended: false });
  const wrong = [
    '',
    'hello',
    whole.replace('#EXTM3U', '#'),
    whole.replace('MEDIA-SEQUENCE:0', 'MEDIA-SEQUENCE:x'),
    whole.replace('MEDIA-SEQUENCE:0', 'MEDIA-SEQUENCE:1e99'),
    whole.replace('#EXT-X-DISCONTINUITY-SEQUENCE:0\n', ''),
    `${whole}#EXTINF:abc,\n1.m4s\n`,
    `${whole}1.m4s\n`,
    `${whole}#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n`,
  ];
  for (const text of wrong) assert.throws(() => readMediaPlaylist(text), ProtocolError, text);
});
