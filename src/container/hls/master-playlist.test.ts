import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPlaylist } from './check.ts';
import { masterPlaylist } from './master-playlist.ts';

test('a master playlist offers renditions with what is known of them', () => {
  const text = masterPlaylist([
    {
      uri: 'movie_720.m3u8',
      bandwidth: 2_500_000.2,
      averageBandwidth: 2_000_000,
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      width: 1280,
      height: 720,
      frameRate: 30_000 / 1001,
    },
    {
      uri: 'sound.m3u8',
      bandwidth: 128_000,
      averageBandwidth: undefined,
      codecs: ['mp4a.40.2'],
      width: 0,
      height: 0,
      frameRate: undefined,
    },
  ]);
  assert.deepEqual(text.split('\n'), [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-STREAM-INF:BANDWIDTH=2500001,AVERAGE-BANDWIDTH=2000000,CODECS="avc1.64001f,mp4a.40.2",' +
      'RESOLUTION=1280x720,FRAME-RATE=29.970',
    'movie_720.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"',
    'sound.m3u8',
    '',
  ]);
  assert.deepEqual(checkPlaylist(text), []);
});
