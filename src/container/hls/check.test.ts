import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkPlaylist } from './check.ts';

const MEDIA = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3,CAN-SKIP-UNTIL=12
#EXT-X-PART-INF:PART-TARGET=1
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-SKIP:SKIPPED-SEGMENTS=3
#EXT-X-MAP:URI="init.mp4"
${[2, 4, 6].map((number) => `#EXTINF:2,\n${number}.m4s\n`).join('')}#EXTINF:2,
7.m4s
#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:05.000Z
#EXT-X-PART:DURATION=1,URI="8.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=1,URI="8.1.m4s"
#EXTINF:2,
8.m4s
#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:07.000Z
#EXT-X-PART:DURATION=1,URI="9.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=1,URI="9.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="9.2.m4s"
#EXT-X-RENDITION-REPORT:URI="other.m3u8",LAST-MSN=9
`;
const MASTER = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=2x2,FRAME-RATE=25.000
a.m3u8
`;

const RANGES = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-START:TIME-OFFSET=2.5
#EXT-X-TARGETDURATION:2
#EXT-X-MAP:URI="a.mp4",BYTERANGE="10@0"
#EXTINF:2,
#EXT-X-BYTERANGE:20@10
a.mp4
#EXTINF:2,
#EXT-X-BYTERANGE:20@30
a.mp4
#EXT-X-ENDLIST
`;

/** What is changed in a sound playlist, into what, and what is then found. */
const faults: [what: string, sound: string, from: string, to: string, problem: RegExp][] = [
  ['no first line', MEDIA, '#EXTM3U\n', '', /first line/],
  ['a byte order mark', MEDIA, '#EXTM3U', '\ufeff#EXTM3U', /byte order mark/],
  ['a last line without end', MASTER, 'a.m3u8\n', 'a.m3u8', /last line/],
  ['blanks behind a URI', MEDIA, '7.m4s', '7.m4s ', /line 17: blanks/],
  ['no version', MEDIA, '#EXT-X-VERSION:9\n', '', /EXT-X-VERSION stands there 0 times/],
  ['two target durations', MEDIA, '#EXT-X-MAP', '#EXT-X-TARGETDURATION:2\n#EXT-X-MAP', /stands there 2 times/],
  ['a fraction of a target duration', MEDIA, 'TARGETDURATION:2', 'TARGETDURATION:2.5', /TARGETDURATION is no number/],
  ['too old a version for delta updates', MEDIA, 'VERSION:9', 'VERSION:8', /EXT-X-SKIP needs version 9/],
  ['too old a version for init segments', MEDIA, 'VERSION:9', 'VERSION:3', /EXT-X-MAP needs version 6/],
  ['too long a segment', MEDIA, '#EXTINF:2,\n7', '#EXTINF:2.5,\n7', /7.m4s takes 2.5 s/],
  ['a malformed duration', MEDIA, '#EXTINF:2,\n7', '#EXTINF:two,\n7', /EXTINF of two/],
  ['two durations', MEDIA, '#EXTINF:2,\n7', '#EXTINF:2,\n#EXTINF:2,\n7', /a second EXTINF/],
  ['a URI without duration', MEDIA, '#EXTINF:2,\n7', '7', /a URI without EXTINF/],
  ['a duration without URI', MEDIA, '#EXT-X-PRELOAD', '#EXTINF:2,\n#EXT-X-PRELOAD', /EXTINF without a URI/],
  ['one URI twice', MEDIA, '\n7.m4s', '\n6.m4s', /6.m4s stands there twice/],
  ['no init segment', MEDIA, '#EXT-X-MAP:URI="init.mp4"\n', '', /2.m4s has no EXT-X-MAP/],
  ['an init segment without URI', MEDIA, 'MAP:URI="init.mp4"', 'MAP:BYTERANGE="1"', /EXT-X-MAP without URI/],
  ['a date that is none', MEDIA, '2027-01-02T03:04:05', 'yesterday', /PROGRAM-DATE-TIME is yesterday/],
  ['a date that does not fit', MEDIA, '03:04:07', '03:04:08', /date is 1 s off/],
  ['parts without target', MEDIA, '#EXT-X-PART-INF:PART-TARGET=1\n', '', /no PART-TARGET/],
  ['too long a part', MEDIA, 'DURATION=1,URI="8.1', 'DURATION=1.1,URI="8.1', /8.1.m4s takes 1.1 s, the target is 1/],
  ['too short a part', MEDIA, 'DURATION=1,URI="8.0', 'DURATION=0.8,URI="8.0', /8.0.m4s takes 0.8 s, 85 %/],
  ['a part without URI', MEDIA, ',URI="8.1.m4s"', '', /EXT-X-PART without URI/],
  ['no independent part', MEDIA, 'URI="8.0.m4s",INDEPENDENT=YES', 'URI="8.0.m4s"', /no part of 8.m4s is independent/],
  ['parts that are not the whole', MEDIA, 'DURATION=1,URI="8.1', 'DURATION=0.5,URI="8.1', /parts of 8.m4s take 1.5/],
  [
    'parts far from the end',
    MEDIA,
    '#EXTINF:2,\n2.m4s',
    '#EXT-X-PART:DURATION=1,URI="2.0",INDEPENDENT=YES\n#EXT-X-PART:DURATION=1,URI="2.1"\n#EXTINF:2,\n2.m4s',
    /parts of 2.m4s are still listed, 10 s/,
  ],
  ['too short a hold back', MEDIA, 'PART-HOLD-BACK=3', 'PART-HOLD-BACK=2', /PART-HOLD-BACK is 2, not at least 3/],
  ['no hold back', MEDIA, ',PART-HOLD-BACK=3', '', /PART-HOLD-BACK is undefined/],
  ['parts without blocking', MEDIA, 'CAN-BLOCK-RELOAD=YES', 'CAN-BLOCK-RELOAD=NO', /without CAN-BLOCK-RELOAD/],
  ['too near a skip boundary', MEDIA, 'CAN-SKIP-UNTIL=12', 'CAN-SKIP-UNTIL=10', /CAN-SKIP-UNTIL is 10/],
  ['a delta update that may not be', MEDIA, ',CAN-SKIP-UNTIL=12', '', /CAN-SKIP-UNTIL is undefined/],
  ['a delta update of nothing', MEDIA, 'SKIPPED-SEGMENTS=3', 'SKIPPED-SEGMENTS=0', /skips nothing/],
  ['a delta update of too much', MEDIA, '#EXTINF:2,\n2.m4s\n', '', /only 10 s are left/],
  ['two hints', MEDIA, '#EXT-X-REND', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="x"\n#EXT-X-REND', /more than one EXT-X-PRE/],
  ['a hint without type', MEDIA, 'TYPE=PART,', '', /without TYPE=PART/],
  ['a hint of what is there', MEDIA, 'URI="9.2.m4s"', 'URI="9.1.m4s"', /9.1.m4s, which is there already/],
  ['a report without number', MEDIA, ',LAST-MSN=9', '', /REPORT without URI or LAST-MSN/],
  ['a hint after the end', MEDIA, '#EXT-X-REND', '#EXT-X-ENDLIST\n#EXT-X-REND', /PRELOAD-HINT after the end/],
  ['half a segment at the end', MEDIA, '#EXT-X-REND', '#EXT-X-ENDLIST\n#EXT-X-REND', /not whole/],
  ['one range twice', RANGES, '20@30', '20@10', /a.mp4 20@10 stands there twice/],
  ['a range without place', RANGES, '20@30', '20', /EXT-X-BYTERANGE is 20/],
  ['a start behind the end', RANGES, 'OFFSET=2.5', 'OFFSET=4.5', /EXT-X-START at 4.5 of 4 s/],
  ['a start that is none', RANGES, 'OFFSET=2.5', 'OFFSET=x', /EXT-X-START at x/],
  ['a stray URI', MASTER, 'a.m3u8\n', 'a.m3u8\nb.m3u8\n', /line 4: a URI that no EXT-X-STREAM-INF/],
  ['no URI', MASTER, 'a.m3u8\n', '', /EXT-X-STREAM-INF without a URI/],
  ['a segment in a master playlist', MASTER, 'a.m3u8\n', 'a.m3u8\n#EXTINF:2,\n', /EXTINF in a master playlist/],
  ['no bandwidth', MASTER, ':BANDWIDTH=1,', ':', /no BANDWIDTH/],
  ['no codecs', MASTER, ',CODECS="avc1.64001f,mp4a.40.2"', '', /no CODECS/],
  ['a malformed size', MASTER, 'RESOLUTION=2x2', 'RESOLUTION=2', /RESOLUTION is 2/],
  ['an attribute twice', MASTER, ',RESOLUTION=2x2', ',BANDWIDTH=1', /malformed attribute list/],
  ['a malformed attribute list', MASTER, ',RESOLUTION=2x2', ',resolution', /malformed attribute list/],
  ['a comma at the end of a list', MASTER, 'FRAME-RATE=25.000', 'FRAME-RATE=25.000,', /malformed attribute list/],
];

test('sound playlists have no problem', () => {
  assert.deepEqual(checkPlaylist(MEDIA), []);
  assert.deepEqual(checkPlaylist(MASTER), []);
  assert.deepEqual(checkPlaylist(RANGES), []);
});

describe('in a playlist is found', () => {
  for (const [what, sound, from, to, problem] of faults)
    test(what, () => {
      assert.ok(sound.includes(from));
      const problems = checkPlaylist(sound.replace(from, to));
      assert.ok(
        problems.some((text) => problem.test(text)),
        problems.join('; '),
      );
    });
});

test('any lines are checked without an error', () => {
  const line = fc.oneof(fc.constantFrom(...MEDIA.split('\n'), ...MASTER.split('\n')), fc.string());
  const property = fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
    assert.ok(Array.isArray(checkPlaylist(lines.join('\n'))));
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});
