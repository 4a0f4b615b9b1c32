import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Facts, LinkFacts, LoadFacts, StreamFacts } from './facts.ts';
import { type Finding, findings } from './rule.ts';
import { RULES } from './rules/index.ts';

type Stretch = StreamFacts['stretches'][number];

/** A good minute. */
const STRETCH = {
  ...{ bytes: 500_000, videoFrames: 60, videoTime: 2 * SECOND, audioFrames: 100, audioTime: 2 * SECOND },
  ...{ longestGop: 2 * SECOND, longestStep: 33_333 },
};
const goodMinute = Array.from({ length: 30 }, (_, i): Stretch => {
  const more = { epoch: 1, lateness: 20 * MILLISECOND, jumps: 0, reanchored: 0 };
  return { begin: 2 * i * SECOND, end: 2 * (i + 1) * SECOND, ...STRETCH, ...more };
});
const H264 = { codec: 'h264', profile: 'High', parameter: 'avc1.64001f' } as const;
const AAC = { codec: 'aac', profile: 'LC', parameter: 'mp4a.40.2', frameDuration: 20_000 } as const;
const STREAM: StreamFacts = {
  stretches: goodMinute,
  openGop: SECOND,
  skew: 10 * MILLISECOND,
  drift: 2 * MILLISECOND,
  running: 600 * SECOND,
  source: { client: '341w361a', remote: '192.0.2.17' },
  isOwner: true,
  lacksUdp: false,
  silence: 20 * MILLISECOND,
  video: H264,
  audio: AAC,
};
const LINK: LinkFacts = {
  remote: '192.0.2.4',
  packets: 30_000,
  lost: 3000,
  residual: 0,
  received: { latency: 500 * MILLISECOND, better: undefined, rtt: 100 * MILLISECOND },
};
const LOAD: LoadFacts = { worker: 1, busy: 0.3, delay: 21 * MILLISECOND, isFull: false, refused: 0, shed: 0 };
const GOOD: Facts = {
  span: 60 * SECOND,
  stream: STREAM,
  links: [LINK],
  viewers: { count: 300, slow: 2, skipped: 0 },
  loads: [LOAD],
};

const stream = (change: Partial<StreamFacts>): Facts => ({ ...GOOD, stream: { ...STREAM, ...change } });
/** One stretch, or some, in the middle of the good minute were different. */
const stretches = (change: Partial<Stretch>, from = 10, to = from + 1): Facts =>
  stream({ stretches: goodMinute.map((each, at) => (at >= from && at < to ? { ...each, ...change } : each)) });
const link = (change: Partial<LinkFacts>): Facts => ({ ...GOOD, links: [LINK, { ...LINK, ...change }] });
const load = (change: Partial<LoadFacts>): Facts => ({ ...GOOD, loads: [LOAD, { ...LOAD, worker: 2, ...change }] });
const video = (change: Partial<NonNullable<StreamFacts['video']>>): Facts => stream({ video: { ...H264, ...change } });

test('nothing is wrong with a good stream', () => {
  assert.deepEqual(findings(RULES, GOOD), []);
});

/** What provokes a rule, how grave that is, and the figures; what is just not enough for it finds nothing. */
const cases: Record<string, readonly [Facts, Finding['severity'] | undefined, Finding['figures']?][]> = {
  'publisher-gone': [
    [stream({ source: undefined, silence: 12.3 * SECOND }), 'error', { silence_s: 12.3 }],
    [stream({ source: undefined, silence: undefined }), undefined],
  ],
  'publisher-silent': [
    [stream({ silence: 4 * SECOND }), 'error', { remote: '192.0.2.17', silence_s: 4 }],
    [stream({ silence: 1.9 * SECOND }), undefined],
  ],
  'origin-silent': [
    [stream({ isOwner: false, silence: 4 * SECOND }), 'error', { remote: '192.0.2.17', silence_s: 4 }],
    [stream({ isOwner: false, source: undefined, silence: SECOND }), 'error', { remote: '–', silence_s: 1 }],
    [stream({ isOwner: false }), undefined],
  ],
  'gop-too-long': [
    [stretches({ longestGop: 8.34 * SECOND }), 'warning', { longest_s: 8.3 }],
    [stretches({ longestGop: 10 * SECOND }), 'error', { longest_s: 10 }],
    [stream({ openGop: 3600 * SECOND }), 'error', { longest_s: 3600 }],
    [stretches({ longestGop: 4 * SECOND }), undefined],
  ],
  'timestamps-jump': [
    [stretches({ jumps: 1 }), 'warning', { jumps: 1, seconds_s: 60 }],
    [stretches({ jumps: 1 }, 3, 7), 'error', { jumps: 4, seconds_s: 60 }],
  ],
  'one-track-jumps': [[stretches({ reanchored: 1 }, 3, 5), 'warning', { times: 2, seconds_s: 60 }]],
  'uplink-dips': [
    [
      stretches({ lateness: 0.9 * SECOND, bytes: 100_000 }, 3, 5),
      'warning',
      { late_ms: 880, dips: 1, seconds_s: 60, needed_kbps: 1893, least_kbps: 400 },
    ],
    [
      stretches({ lateness: 3 * SECOND }),
      'error',
      { late_ms: 2980, dips: 1, seconds_s: 60, needed_kbps: 2000, least_kbps: 2000 },
    ],
    [stretches({ lateness: 0.4 * SECOND }), undefined],
    [stretches({ lateness: 0.9 * SECOND }, 0, 30), undefined],
  ],
  'sound-drifts': [
    [stream({ drift: -120 * MILLISECOND }), 'warning', { drift_ms: -120, running_s: 600 }],
    [stream({ drift: 400 * MILLISECOND }), 'error', { drift_ms: 400, running_s: 600 }],
    [stream({ drift: 90 * MILLISECOND }), undefined],
    [stream({ drift: undefined, skew: undefined }), undefined],
  ],
  'sound-apart': [
    [stream({ skew: -900 * MILLISECOND }), 'warning', { skew_ms: -900 }],
    [stream({ skew: 2.5 * SECOND }), 'error', { skew_ms: 2500 }],
    [stream({ skew: 0.6 * SECOND }), undefined],
  ],
  'sound-length': [
    [stretches({ audioFrames: 99 }, 0, 30), 'warning', { sound_s: 59.4, time_s: 60 }],
    [stretches({ audioFrames: 105 }, 0, 30), 'error', { sound_s: 63, time_s: 60 }],
    [stretches({ audioFrames: 90 }), undefined],
    [stretches({ audioFrames: 0, audioTime: 0 }, 0, 30), undefined],
  ],
  'pictures-missing': [
    [stretches({ longestStep: 0.7 * SECOND }, 4, 6), 'warning', { fps: 30, longest_ms: 700, times: 2, seconds_s: 60 }],
    [stretches({ longestStep: 3 * SECOND, videoFrames: 1 }, 0, 30), undefined],
    [stretches({ longestStep: 0.1 * SECOND }), undefined],
  ],
  'picture-unplayable': [
    [video({ codec: 'vp8', profile: '', parameter: 'vp08' }), 'error', { codec: 'VP8' }],
    [video({ profile: 'High 4:4:4', parameter: 'avc1.f4001f' }), 'error', { codec: 'H.264 High 4:4:4' }],
    [video({ profile: '', parameter: 'avc1.6E001F' }), 'error', { codec: 'H.264 110' }],
    [video({ profile: 'Baseline', parameter: 'avc1.42001f' }), undefined],
    [stream({ video: undefined }), undefined],
  ],
  'picture-not-everywhere': [
    [video({ codec: 'h265', profile: 'Main', parameter: 'hvc1.1.6.L93.B0' }), 'warning', { codec: 'H.265' }],
    [video({ codec: 'av1', profile: 'Main', parameter: 'av01.0.04M.08' }), 'notice', { codec: 'AV1' }],
  ],
  'sound-not-everywhere': [
    [
      stream({ audio: { codec: 'eac3', profile: '', parameter: 'ec-3', frameDuration: undefined } }),
      'warning',
      { codec: 'E-AC-3' },
    ],
    [
      stream({ audio: { codec: 'opus', profile: '', parameter: 'opus', frameDuration: undefined } }),
      'notice',
      { codec: 'Opus' },
    ],
    [stream({ audio: undefined }), undefined],
  ],
  'link-loss': [
    [
      link({ residual: 30 }),
      'warning',
      {
        ...{ remote: '192.0.2.4', lost_percent: 10, residual_percent: 0.1, residual: 30 },
        ...{ latency_ms: 500, rtt_ms: 100, better_ms: 1000 },
      },
    ],
    [
      link({ residual: 900, received: { ...LINK.received!, better: 620 * MILLISECOND } }),
      'error',
      {
        ...{ remote: '192.0.2.4', lost_percent: 10, residual_percent: 3, residual: 900 },
        ...{ latency_ms: 500, rtt_ms: 100, better_ms: 620 },
      },
    ],
    [link({ residual: 3 }), undefined],
    [link({ packets: 0, lost: 0 }), undefined],
  ],
  'edge-loss': [
    [
      link({ residual: 30, received: undefined }),
      'warning',
      { remote: '192.0.2.4', lost_percent: 10, residual_percent: 0.1, residual: 30 },
    ],
    [link({ received: undefined }), undefined],
  ],
  'link-without-udp': [
    [stream({ isOwner: false, lacksUdp: true }), 'notice', { remote: '192.0.2.17' }],
    [stream({ isOwner: false }), undefined],
  ],
  'node-busy': [
    [load({ busy: 0.9 }), 'warning', { worker: 2, busy_percent: 90, delay_ms: 21 }],
    [load({ busy: 1 }), 'error', { worker: 2, busy_percent: 100, delay_ms: 21 }],
    [load({ delay: 0.2 * SECOND }), 'warning', { worker: 2, busy_percent: 30, delay_ms: 200 }],
    [load({ busy: 0.8, delay: 0.09 * SECOND }), undefined],
  ],
  'node-full': [
    [load({ refused: 7 }), 'error', { refused: 7, shed: 0 }],
    [load({ shed: 2 }), 'error', { refused: 0, shed: 2 }],
    [load({ isFull: true }), 'error', { refused: 0, shed: 0 }],
  ],
  'viewers-slow': [
    [{ ...GOOD, viewers: { count: 300, slow: 2, skipped: 40 } }, 'warning', { slow: 2, count: 300, skipped: 40 }],
    [{ ...GOOD, viewers: { count: 3, slow: 2, skipped: 40 } }, 'error', { slow: 2, count: 3, skipped: 40 }],
  ],
};

for (const { name, where, what, remedy } of RULES) {
  describe(name, () => {
    for (const [facts, severity, figures] of cases[name] ?? []) {
      test(severity ? `is found, as ${severity}: ${JSON.stringify(figures)}` : 'is not found without a reason', () => {
        const found = findings(RULES, facts);
        if (!severity) return assert.deepEqual(found, []);
        const [first] = found;
        assert.deepEqual([found.length, first!.rule, first!.severity, first!.where], [1, name, severity, where]);
        assert.deepEqual(first!.figures, figures);
      });
    }

    test('has sentences with nothing but its figures in them', () => {
      const figures = cases[name]![0]![2]!;
      const holes = Array.from(`${what} ${remedy}`.matchAll(/\{(\w+)\}/g), ([, hole]) => hole!);
      assert.deepEqual(
        holes.filter((hole) => !(hole in figures)),
        [],
      );
      assert.match(what, /\.$/);
      assert.match(remedy, /\.$/);
    });
  });
}

test('every file of a rule is on the list, and every rule is provoked', () => {
  const files = globSync('*.ts', { cwd: join(import.meta.dirname, 'rules') }).map((file) => basename(file, '.ts'));
  const names = RULES.map(({ name }) => name).sort();
  assert.deepEqual(files.filter((file) => file !== 'index').sort(), names);
  assert.deepEqual(Object.keys(cases).sort(), names);
});

test('the worst comes first', () => {
  const all = findings(RULES, {
    ...stream({ openGop: 6 * SECOND, silence: 9 * SECOND }),
    loads: [{ ...LOAD, busy: 0.9 }],
  });
  assert.deepEqual(
    all.map(({ severity }) => severity),
    ['error', 'warning', 'warning'],
  );
});
