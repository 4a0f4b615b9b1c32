import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SECOND } from '../../base/clock.ts';
import { checkPlaylist } from './check.ts';
import { type LowLatency, type MediaPlaylist, mediaPlaylist, type Part, type Segment } from './media-playlist.ts';

const START = Date.UTC(2027, 0, 2, 3, 4, 5, 678) * 1000;

function part(segment: number, index: number, duration = SECOND / 2): Part {
  return { uri: `${segment}.${index}.m4s`, duration, independent: index === 0 };
}

function segment(number: number, rest: Partial<Segment> = {}): Segment {
  return {
    number,
    discontinuity: 3,
    uri: `${number}.m4s`,
    duration: 2 * SECOND,
    parts: [],
    init: 'init-0.mp4',
    time: START + number * 2 * SECOND,
    gap: false,
    ...rest,
  };
}

function playlist(segments: readonly Segment[], rest: Partial<MediaPlaylist> = {}): MediaPlaylist {
  return { segments, targetDuration: 2 * SECOND, lowLatency: undefined, ended: false, ...rest };
}

const lowLatency: LowLatency = { partTarget: SECOND / 2, hint: '7.2.m4s', reports: [] };
const fourParts = (number: number) => [0, 1, 2, 3].map((index) => part(number, index));
const live = (first: number, last: number): Segment[] => [
  ...Array.from({ length: last - first }, (_, i) => segment(first + i, { parts: fourParts(first + i) })),
  segment(last, { duration: undefined, parts: [part(last, 0), part(last, 1)] }),
];

const golden: Record<string, { text: string[]; made: string }> = {
  'a live playlist of fMP4': {
    made: mediaPlaylist(playlist([segment(5), segment(6, { duration: 1_999_990 })])),
    text: [
      '#EXTM3U',
      '#EXT-X-VERSION:6',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:5',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXT-X-MAP:URI="init-0.mp4"',
      '#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:15.678Z',
      '#EXTINF:2,',
      '5.m4s',
      '#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:17.678Z',
      '#EXTINF:1.99999,',
      '6.m4s',
    ],
  },
  'MPEG-TS that has ended': {
    made: mediaPlaylist(
      playlist([segment(0, { uri: '0.ts', init: undefined, time: undefined })], { ended: true, lowLatency }),
    ),
    text: [
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12',
      '#EXT-X-PART-INF:PART-TARGET=0.5',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXTINF:2,',
      '0.ts',
      '#EXT-X-ENDLIST',
    ],
  },
  'a discontinuity with another init segment, and a gap': {
    made: mediaPlaylist(
      playlist([
        segment(8, { time: undefined }),
        segment(9, { time: undefined, discontinuity: 4, init: 'init-1.mp4' }),
        segment(10, { time: undefined, discontinuity: 4, init: 'init-1.mp4', gap: true }),
      ]),
    ),
    text: [
      '#EXTM3U',
      '#EXT-X-VERSION:8',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:8',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXT-X-MAP:URI="init-0.mp4"',
      '#EXTINF:2,',
      '8.m4s',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="init-1.mp4"',
      '#EXTINF:2,',
      '9.m4s',
      '#EXT-X-GAP',
      '#EXTINF:2,',
      '10.m4s',
    ],
  },
  'low latency: parts near the end, a segment being made, what comes next and other renditions': {
    made: mediaPlaylist(
      playlist(live(3, 7), {
        lowLatency: { ...lowLatency, reports: [{ uri: '../480/index.m3u8', segment: 7, part: 1 }] },
      }),
    ),
    text: [
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12',
      '#EXT-X-PART-INF:PART-TARGET=0.5',
      '#EXT-X-MEDIA-SEQUENCE:3',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXT-X-MAP:URI="init-0.mp4"',
      '#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:11.678Z',
      '#EXTINF:2,',
      '3.m4s',
      '#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:13.678Z',
      '#EXTINF:2,',
      '4.m4s',
      ...[5, 6].flatMap((number) => [
        `#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:${5 + 2 * number}.678Z`,
        `#EXT-X-PART:DURATION=0.5,URI="${number}.0.m4s",INDEPENDENT=YES`,
        ...[1, 2, 3].map((index) => `#EXT-X-PART:DURATION=0.5,URI="${number}.${index}.m4s"`),
        '#EXTINF:2,',
        `${number}.m4s`,
      ]),
      '#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:19.678Z',
      '#EXT-X-PART:DURATION=0.5,URI="7.0.m4s",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.5,URI="7.1.m4s"',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="7.2.m4s"',
      '#EXT-X-RENDITION-REPORT:URI="../480/index.m3u8",LAST-MSN=7,LAST-PART=1',
    ],
  },
};

describe('a playlist is written:', () => {
  for (const [what, { made, text }] of Object.entries(golden))
    test(what, () => {
      assert.deepEqual(made.split('\n'), [...text, '']);
      assert.deepEqual(checkPlaylist(made), []);
    });
});

describe('a delta update', () => {
  const whole = playlist(live(0, 20), { lowLatency: { ...lowLatency, hint: '20.2.m4s' } });
  const lines = mediaPlaylist(whole, { delta: true }).split('\n');

  test('leaves out what is further from the end than the skip boundary', () => {
    assert.ok(lines.includes('#EXT-X-SKIP:SKIPPED-SEGMENTS=14'), 'the 40 seconds before the last 13');
    const from = lines.indexOf('#EXT-X-SKIP:SKIPPED-SEGMENTS=14') + 1;
    assert.deepEqual(lines.slice(from, from + 4), [
      '#EXT-X-MAP:URI="init-0.mp4"',
      '#EXT-X-PROGRAM-DATE-TIME:2027-01-02T03:04:33.678Z',
      '#EXTINF:2,',
      '14.m4s',
    ]);
    assert.ok(lines.includes('#EXT-X-MEDIA-SEQUENCE:0'));
    assert.deepEqual(checkPlaylist(lines.join('\n')), []);
  });

  test('tells of a discontinuity right behind what it leaves out', () => {
    const segments = whole.segments.map((each) => (each.number < 14 ? each : { ...each, discontinuity: 4 }));
    const text = mediaPlaylist({ ...whole, segments }, { delta: true });
    assert.match(text, /SKIPPED-SEGMENTS=14\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP/);
  });

  test('is the whole playlist where nothing is to be left out, and where there is no low latency', () => {
    const short = { ...whole, segments: live(0, 6) };
    assert.equal(mediaPlaylist(short, { delta: true }), mediaPlaylist(short));
    const plain = playlist(Array.from({ length: 20 }, (_, i) => segment(i)));
    assert.equal(mediaPlaylist(plain, { delta: true }), mediaPlaylist(plain));
  });
});

test('a segment longer than promised raises the target duration', () => {
  const text = mediaPlaylist(playlist([segment(0), segment(1, { duration: 7.5 * SECOND })]));
  assert.match(text, /TARGETDURATION:8\n/);
});

test('parts of the segment being made are listed however long it becomes, and raise the target duration', () => {
  const parts = Array.from({ length: 30 }, (_, index) => part(2, index));
  const text = mediaPlaylist(playlist([segment(1), segment(2, { duration: undefined, parts })], { lowLatency }));
  assert.equal(text.match(/#EXT-X-PART:/g)?.length, 30);
  assert.match(text, /TARGETDURATION:15\n/);
});

test('a segment of which there is nothing yet is not listed', () => {
  const segments = [segment(1), segment(2, { duration: undefined })];
  assert.equal(mediaPlaylist(playlist(segments)), mediaPlaylist(playlist(segments.slice(0, 1))));
  assert.match(mediaPlaylist(playlist([])), /MEDIA-SEQUENCE:0\n/);
});

test('a URI that would end its quotation is our own fault', () => {
  for (const uri of ['a"b', 'a\nb']) {
    assert.throws(() => mediaPlaylist(playlist([segment(0, { init: uri })])), /assertion/);
  }
});

test('whatever the segments, the playlist keeps the rules', () => {
  const shape = fc.record({
    parts: fc.integer({ min: 1, max: 12 }),
    last: fc.integer({ min: 1, max: 333_000 }),
    breaks: fc.integer({ min: 0, max: 8 }).map((value) => value === 0),
    gap: fc.integer({ min: 0, max: 8 }).map((value) => value === 0),
  });
  const shapes = fc.array(shape, { minLength: 1, maxLength: 40 });
  const property = fc.property(shapes, fc.nat(10 ** 9), fc.boolean(), fc.boolean(), (all, first, isLow, delta) => {
    let [discontinuity, time] = [0, START];
    const segments = all.map(({ parts: count, last, breaks, gap }, i): Segment => {
      if (breaks && i > 0) discontinuity++;
      const parts = Array.from({ length: count }, (_, k) => part(first + i, k, k < count - 1 ? 333_000 : last));
      const duration = parts.reduce((sum, each) => sum + each.duration, 0);
      const isOpen = i === all.length - 1 && isLow;
      const init = `init-${discontinuity}.mp4`;
      const made = { discontinuity, init, time, gap: gap && !isOpen, duration: isOpen ? undefined : duration };
      time += duration;
      return segment(first + i, { ...made, parts: made.gap ? [] : parts });
    });
    const latency = isLow ? { ...lowLatency, partTarget: 333_000, hint: 'next.m4s' } : undefined;
    const text = mediaPlaylist(playlist(segments, { lowLatency: latency, targetDuration: 4 * SECOND }), { delta });
    assert.deepEqual(checkPlaylist(text), []);
    const skipped = Number(/SKIPPED-SEGMENTS=(\d+)/.exec(text)?.[1] ?? 0);
    const listed = text.split('\n').filter((line) => /^\d+\.m4s/.test(line));
    assert.equal(skipped + listed.length, segments.length - (isLow ? 1 : 0));
  });
  fc.assert(property, { seed: 1, numRuns: 300 });
});
