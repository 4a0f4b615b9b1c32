import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../src/base/errors.ts';
import { masterPlaylist } from '../../src/container/hls/master-playlist.ts';
import { mediaPlaylist, type Segment } from '../../src/container/hls/media-playlist.ts';
import { HlsPlaylist, readMaster } from './hls-playlist.ts';

const SECOND = 1_000_000;
const BASE = 'http://192.0.2.4/live/hls-x/movie/media.m3u8?token=1';

/** A segment of two seconds with a part each half of a second; decoding can begin with the first one. */
function segment(number: number, parts: number, isWhole = true): Segment {
  return {
    number,
    discontinuity: 0,
    uri: `${number}.m4s`,
    duration: isWhole ? 2 * SECOND : undefined,
    parts: Array.from({ length: parts }, (_, i) => ({
      uri: `${number}.${i}.m4s`,
      duration: SECOND / 2,
      independent: i === 0,
    })),
    init: 'init.mp4',
    time: undefined,
    gap: false,
  };
}

function playlist(segments: readonly Segment[], isLowLatency = true, ended = false): HlsPlaylist {
  const lowLatency = isLowLatency ? { partTarget: SECOND / 2, hint: undefined, reports: [] } : undefined;
  return new HlsPlaylist(mediaPlaylist({ segments, targetDuration: 2 * SECOND, lowLatency, ended }), BASE);
}

const names = (found: ReturnType<HlsPlaylist['from']>) =>
  found.pieces.map(({ url }) => url.slice(url.lastIndexOf('/') + 1));

test('one begins with the newest part with which decoding can, and takes the parts that follow it', () => {
  const now = playlist([segment(7, 0), segment(8, 4), segment(9, 2, false)]);
  assert.deepEqual(now.start, { segment: 9, part: 0 });
  const found = now.from(now.start);
  assert.deepEqual(names(found), ['9.0.m4s', '9.1.m4s']);
  assert.equal(found.pieces[0]!.init, 'http://192.0.2.4/live/hls-x/movie/init.mp4');
  assert.deepEqual(found.next, { segment: 9, part: 2 });
  assert.equal(now.waitFor(found.next), `${BASE}&_HLS_msn=9&_HLS_part=2`);
});

test('the end of a segment leads to the next one, and nothing is taken twice', () => {
  const later = playlist([segment(8, 4), segment(9, 4), segment(10, 1, false)]);
  assert.deepEqual(names(later.from({ segment: 9, part: 2 })), ['9.2.m4s', '9.3.m4s', '10.0.m4s']);
  assert.deepEqual(later.from({ segment: 10, part: 1 }), { pieces: [], next: { segment: 10, part: 1 } });
  const whole = playlist([segment(8, 4), segment(9, 4)]);
  assert.deepEqual(whole.from({ segment: 9, part: 4 }), { pieces: [], next: { segment: 10, part: 0 } });
});

test('plain HLS begins with the last segment, and is asked for again after a while', () => {
  const plain = playlist([segment(3, 0), segment(4, 0)], false);
  assert.deepEqual(plain.start, { segment: 4, part: 0 });
  assert.deepEqual(names(plain.from(plain.start)), ['4.m4s']);
  assert.equal(plain.waitFor({ segment: 5, part: 0 }), undefined);
  assert.equal(plain.target, 2);
});

test('one who was away goes on with what is still there', () => {
  const now = playlist([segment(20, 0), segment(21, 4)]);
  assert.deepEqual(names(now.from({ segment: 9, part: 2 })), [
    '20.m4s',
    '21.0.m4s',
    '21.1.m4s',
    '21.2.m4s',
    '21.3.m4s',
  ]);
});

test('what is missing is left out, and the end is told', () => {
  const found = playlist([segment(3, 0), { ...segment(4, 0), gap: true }, segment(5, 0)], false, true);
  assert.deepEqual(names(found.from({ segment: 3, part: 0 })), ['3.m4s', '5.m4s']);
  assert.ok(found.ended);
});

test('a master playlist leads to its first rendition', () => {
  const variant = {
    bandwidth: 1,
    averageBandwidth: undefined,
    codecs: ['avc1'],
    width: 0,
    height: 0,
    frameRate: undefined,
  };
  const text = masterPlaylist(['hls-x/a.m3u8', 'hls-x/b.m3u8'].map((uri) => ({ ...variant, uri })));
  assert.equal(readMaster(text, 'http://192.0.2.4/live/movie.m3u8'), 'http://192.0.2.4/live/hls-x/a.m3u8');
});

test('what is no playlist is refused', () => {
  for (const text of ['', '<!doctype html>', '#EXTM3U\n', '#EXTM3U\n#EXT-X-TARGETDURATION:2\n9.m4s\n']) {
    assert.throws(() => new HlsPlaylist(text, BASE), ProtocolError, text);
  }
  assert.throws(() => readMaster('#EXTM3U\n', BASE), ProtocolError);
});
