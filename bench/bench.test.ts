import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStamp, stamp } from './clip.ts';
import { Load, PROTOCOLS } from './load.ts';
import { installed } from './process.ts';
import { combine, print, verdict } from './report.ts';
import { floor } from './servers/floor.ts';
import { readSettings } from './settings.ts';
import { median, spread } from './statistics.ts';
import { Checker, Findings } from './viewers/checker.ts';
import type { Tag } from './viewers/flv.ts';

const skip = ['ffmpeg', 'taskset', 'sh'].every(installed) ? false : 'needs ffmpeg and taskset';
const GATHER = 40;

for (const protocol of PROTOCOLS) {
  test(`viewers of ${protocol} get every byte of the clip as it was published`, { skip, timeout: 60_000 }, async () => {
    const server = await floor.start({ cores: '0', folder: '', gather: GATHER, task: 'play' });
    const port = protocol === 'rtmp' ? server.rtmpPort : server.httpPort;
    const load = new Load({ port, protocol, cores: '0', sample: 2, tick: 0 });
    try {
      const { joined, failed, fault } = await load.join(20, 1000);
      assert.deepEqual({ joined, failed, fault }, { joined: 20, failed: 0, fault: '' });
      load.begin();
      let received = await load.end();
      while (received.checked.frames < 100) received = await load.end();
      const { checked, viewers, lost } = received;
      assert.deepEqual({ viewers, lost, checked: checked.viewers }, { viewers: 20, lost: 0, checked: 10 });
      assert.deepEqual({ ...checked, frames: 0 }, { viewers: 10, frames: 0, holes: 0, damaged: 0, backwards: 0 });
      assert.ok(received.bytes > 0 && received.delay.count > 0);
    } finally {
      await Promise.all([load.stop(), server.child.stop()]);
    }
  });
}

/** FNV-1a of the bytes 1, 2, 3, 4. */
const CHECKSUM = '5734a87d';

/** A video frame as `prepareClip` stamps it, made by hand: five bytes of FLV, the SEI, four bytes of picture. */
function frame(number: number, type = 0x17): Uint8Array {
  const text = `${'0'.repeat(24)}${CHECKSUM}`;
  const sei = [0, 0, 0, 52, 6, 5, 48, ...Buffer.from(`headwater-bench.${text}`), 0x80];
  const body = Uint8Array.from([type, 1, 0, 0, 0, ...sei, 1, 2, 3, 4]);
  stamp(body, 0, number, 7n);
  return body;
}

function findingsOf(tags: Tag[]): Findings {
  const [findings, checker] = [new Findings(), new Checker()];
  for (const tag of tags) checker.check(tag, findings);
  return findings;
}

test('a stamp is read as it was written', () => {
  const stampRead = readStamp(frame(0xabc));
  assert.equal(stampRead?.number, 0xabc);
  assert.equal(stampRead.written, 7n);
});

const video = (number: number, time: number): Tag => ({ type: 9, time, body: frame(number) });
const inter = (number: number, time: number): Tag => ({ type: 9, time, body: frame(number, 0x27) });
const audio = (time: number): Tag => ({ type: 8, time, body: Uint8Array.of(0xaf, 1, 0) });

function damaged(tag: Tag): Tag {
  const body = tag.body.with(tag.body.length - 1, 0);
  return { ...tag, body };
}

const cases: { name: string; tags: Tag[]; found: Partial<Findings> }[] = [
  { name: 'a whole stream', tags: [video(1, 0), audio(0), audio(21), video(2, 40)], found: { frames: 2 } },
  { name: 'a missing video frame', tags: [video(1, 0), video(3, 80)], found: { frames: 2, holes: 1 } },
  { name: 'a beginning without a key frame', tags: [inter(1, 0), inter(2, 40)], found: { frames: 2, undecodable: 1 } },
  {
    name: 'a hole without a key frame behind it',
    tags: [video(1, 0), inter(3, 80)],
    found: { frames: 2, holes: 1, undecodable: 1 },
  },
  { name: 'a missing audio frame', tags: [audio(0), audio(21), audio(64)], found: { holes: 1 } },
  { name: 'time that runs backwards', tags: [video(1, 40), video(2, 0)], found: { frames: 2, backwards: 1 } },
  { name: 'a changed byte', tags: [damaged(video(1, 0))], found: { frames: 1, damaged: 1 } },
  {
    name: 'a lost stamp',
    tags: [{ ...video(1, 0), body: new Uint8Array(99).fill(1) }],
    found: { frames: 1, damaged: 1 },
  },
];

for (const { name, tags, found } of cases) {
  test(`the checker sees ${name}`, () => {
    const { frames, holes, undecodable, damaged: broken, backwards } = findingsOf(tags);
    const nothing = { frames: 0, holes: 0, undecodable: 0, damaged: 0, backwards: 0 };
    assert.deepEqual({ frames, holes, undecodable, damaged: broken, backwards }, { ...nothing, ...found });
  });
}

test('of several runs the medians are shown, but of faults the worst', () => {
  const runs = [
    { 'CPU s/Gbit': 3, lost: 0 },
    { 'CPU s/Gbit': 1, lost: 2 },
    { 'CPU s/Gbit': 2, lost: 0 },
  ];
  assert.deepEqual(combine(runs), { 'CPU s/Gbit': 2, lost: 2 });
  assert.equal(median([4, 1]), 2.5);
  assert.deepEqual(spread([]), { count: 0, min: -1, p50: -1, p95: -1, p99: -1, max: -1 });
});

test('a figure above its target is a miss', () => {
  const rows = [{ server: 'headwater', figures: { 'p50 ms': 12.34 } }];
  const report = print({ rows, verdicts: [verdict('delay', 12.34, 5), verdict('loss', 0, 0)] });
  assert.match(report, /MISS {2}delay: 12\.3 \(at most 5\)/);
  assert.match(report, /pass {2}loss: 0 \(at most 0\)/);
});

test('settings that make no sense are refused with a sentence', () => {
  assert.deepEqual(readSettings(['fanout', '--viewers', '1000,2000']).viewers, [1000, 2000]);
  assert.throws(() => readSettings(['fanout', '--viewers', '0']), /--viewers wants a number above 0/);
  assert.throws(() => readSettings(['fanout', '--peers', 'nobody']), /--peers knows floor/);
});
