import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../../test/support/ffmpeg.ts';
import { AUDIO, PATH, Studio, VIDEO } from '../../../test/support/recording.ts';
import type { Owner } from '../../../test/support/until.ts';
import { concat } from '../../base/bytes.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { checkPlaylist } from '../../container/hls/check.ts';
import type { ReadFile } from '../../hub/files.ts';
import { type Past, Pasts } from '../../hub/past.ts';
import { silentLogger } from '../../ops/log.ts';
import { systemDisk } from '../../record/disk.ts';
import { RecordedPast } from '../../record/past.ts';
import { Shelf as Recorded } from '../../record/shelf.ts';
import { type PastTold, RecordedArchive } from './archive.ts';
import { type Feed, Feeds } from './feed.ts';
import { History } from './history.ts';
import { WHOLE_PLAYLIST } from './names.ts';
import { Playlists } from './playlist.ts';
import { Shelf } from './shelf.ts';

const PART = 200 * MILLISECOND;
const GROUND = { part: PART, reach: 3600 * SECOND, bytes: 1e9, elsewhere: () => [] };
const OPTIONS = {
  segment: SECOND,
  part: PART,
  window: 1000,
  idle: 30 * SECOND,
  disk: { folder: '', keep: SECOND },
};

interface Stage {
  readonly studio: Studio;
  readonly feed: Feed;
  readonly done: Promise<unknown>;
  /** The wall clock at the stream's time 0. */
  readonly anchor: number;
}

/** A studio that is recorded and watched by HLS from its first frame on. */
async function stage(overrides: Readonly<Record<string, unknown>> = {}): Promise<Stage> {
  const studio = new Studio();
  const { done } = await studio.record(overrides);
  const feeds = new Feeds({
    options: OPTIONS,
    bytes: 1e9,
    clock: studio.clock,
    log: silentLogger,
    reach: 0,
    pasts: new Pasts(),
  });
  return { studio, done, feed: feeds.use(studio.stream, 'fmp4').feed, anchor: studio.stream.lease.anchor! };
}

/** What was recorded, in a folder of a real disk. */
async function pastOf(owner: Owner, { studio, anchor }: Stage): Promise<Past> {
  const folder = join(await temporaryFolder(owner), 'rec');
  await mkdir(folder);
  for (const [name, bytes] of studio.disk.files) await writeFile(join(folder, basename(name)), bytes);
  const recorded = new Recorded(folder, systemDisk);
  await recorded.scan();
  await recorded.recoverAll(() => {});
  return new RecordedPast(recorded, PATH, anchor);
}

/** The bytes of all whole segments of a shelf, by number. */
function bytesOn(shelf: Shelf): Map<number, string> {
  const whole = shelf.listed.filter(({ duration, gap }) => duration !== undefined && !gap);
  return new Map(whole.map(({ stamp, parts }) => [stamp.segment, digest(parts.map(({ bytes }) => bytes))]));
}

function digest(pieces: readonly Uint8Array[]): string {
  return createHash('sha1').update(concat(pieces)).digest('hex');
}

describe('a segment that is made again of a recording is the same to the last byte', () => {
  const cases: [name: string, options: Readonly<Record<string, unknown>>, act: (stage: Stage) => Promise<void>][] = [
    ['in one file', {}, ({ studio }) => studio.send(7)],
    ['where files begin within segments', { split: { every: '1400ms' } }, ({ studio }) => studio.send(9)],
    [
      'when the publisher returns',
      {},
      async ({ studio }) => {
        await studio.send(2.4);
        studio.publisher.close(false);
        await studio.wait(3 * SECOND);
        await studio.publish();
        await studio.send(3);
      },
    ],
    [
      'with another configuration',
      {},
      async ({ studio }) => {
        await studio.send(2.52);
        studio.video = { ...VIDEO, config: Uint8Array.of(...VIDEO.config, 0) };
        await studio.send(3);
      },
    ],
  ];
  for (const [name, options, act] of cases)
    test(name, async (t) => {
      const staged = await stage(options);
      await act(staged);
      await sameAgain(t, staged);
    });

  test('whatever comes when', async (t) => {
    const jitter = fc.array(fc.integer({ min: -90, max: 90 }), { minLength: 40, maxLength: 40 });
    const plan = fc.record({
      step: fc.constantFrom(17, 33, 40, 100, 400, 900),
      gop: fc.integer({ min: 1, max: 60 }),
      jitter,
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ step, gop, jitter }) => {
        const staged = await stage({ split: { every: '2s' } });
        const { studio } = staged;
        const late = (i: number) => 40 + jitter[i % jitter.length]!;
        const frames = Array.from({ length: 9000 / step }, (_, i) => ({
          track: VIDEO,
          ms: 40 + i * step,
          at: 40 + i * step,
          keyframe: i % gop === 0,
        }));
        const sounds = Array.from({ length: 420 }, (_, i) => ({
          track: AUDIO,
          ms: 40 + i * 21,
          at: i * 21 + late(i),
          keyframe: true,
        }));
        for (const { track, ms, keyframe } of [...frames, ...sounds].sort((a, b) => a.at - b.at)) {
          const dts = ms * MILLISECOND;
          studio.publisher.write({ track, dts, pts: dts, keyframe, data: Uint8Array.of(ms & 255, ms >> 8, 1) });
          await studio.wait(10 * MILLISECOND);
        }
        await sameAgain(t, staged);
      }),
      { seed: 5, numRuns: 8 },
    );
  });
});

/** A stream of 24 seconds when 15 of them are over: its history, and the shelf that has the last six. */
async function halfway(owner: Owner, reach = GROUND.reach) {
  const staged = await stage();
  const { studio, feed } = staged;
  await studio.send(24);
  const shelf = new Shelf({ window: 6, bytes: 1e9 }, studio.clock);
  const coming = feed.shelf.listed.filter(({ duration }) => duration !== undefined);
  const goOn = () => {
    const { stamp, time, parts, duration } = coming.shift()!;
    shelf.open(stamp, time);
    for (const part of parts) shelf.add(part);
    shelf.close(duration!);
  };
  for (let i = 0; i < 15; i++) goOn();
  await studio.end(staged.done);
  const past = await pastOf(owner, staged);
  const ground = { ...GROUND, reach, clock: studio.clock, find: async () => past };
  return { studio, shelf, past, goOn, history: new History(shelf, ground) };
}

describe('the past of a stream that another node keeps', () => {
  test('is read from there by name, and tells the same', async (t) => {
    const { history, shelf, studio } = await halfway(t);
    await history.toDate();
    const kept = new Playlists(shelf, 'fmp4', { ...OPTIONS, window: 6 }, () => [], history);
    const asked: string[] = [];
    const read: ReadFile = async (name) => {
      asked.push(name);
      const pieces =
        name === WHOLE_PLAYLIST ? [kept.write(false).plain] : await history.segment(Number.parseInt(name, 10));
      if (!pieces) throw new RefusedError('not-found', 'it is not kept');
      return pieces;
    };
    const nobody: ReadFile = () => Promise.reject(new RefusedError('not-found', 'nothing is here'));
    const ground = { ...GROUND, clock: studio.clock, find: async () => undefined, elsewhere: () => [nobody, read] };
    const remote = new History(shelf, ground);
    await remote.toDate();
    const exact = ({ number, discontinuity, duration, init, gap }: PastTold) => [
      number,
      discontinuity,
      duration,
      init,
      gap,
    ];
    assert.deepEqual(remote.told.map(exact), history.told.map(exact));
    for (const [i, { time }] of remote.told.entries()) assert.ok(Math.abs(time - history.told[i]!.time) < SECOND / 10);
    const { number } = remote.told[3]!;
    const [one, two] = await Promise.all([remote.segment(number), remote.segment(number)]);
    assert.equal(digest(one!), digest((await history.segment(number))!));
    assert.equal(one, two);
    assert.deepEqual(asked, [WHOLE_PLAYLIST, `${number}.m4s`], 'once, however many ask');
  });
});

describe('the whole playlist', () => {
  test('has all that is kept before what the shelf has, and says where to begin', async (t) => {
    const { history, shelf, studio } = await halfway(t);
    await history.toDate();
    const playlists = new Playlists(shelf, 'fmp4', { ...OPTIONS, window: 6 }, () => [], history);
    const text = playlists.write(false).plain.toString();
    assert.deepEqual(checkPlaylist(text), [], text);
    const numbers = Array.from(text.matchAll(/^(\d+)\.m4s$/gm), ([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, i) => numbers[0]! + i),
    );
    assert.equal(numbers.length, 15);
    assert.doesNotMatch(text, /EXT-X-START|EXT-X-GAP/);
    const began = history.told[0]!.time;
    for (const [moment, offset] of [
      [Number.NEGATIVE_INFINITY, '0'],
      [began - SECOND, '0'],
      [history.told[4]!.time + SECOND / 2, '4.5'],
    ] as const)
      assert.match(
        playlists.writeFrom(moment).plain.toString(),
        new RegExp(`^#EXT-X-START:TIME-OFFSET=${offset}$`, 'm'),
      );
    assert.doesNotMatch(playlists.writeFrom(studio.clock.wall() + SECOND).plain.toString(), /EXT-X-START/);
    assert.match(playlists.write(true).plain.toString(), /#EXT-X-SKIP:SKIPPED-SEGMENTS=\d+\n/);
  });

  test('goes on with what leaves the shelf, and has a gap where that is not kept', async (t) => {
    const { history, shelf, past, goOn } = await halfway(t);
    await history.toDate();
    const [before] = history.told.slice(-1);
    const lost = before!.number + 2;
    const find = past.find.bind(past);
    past.find = async (number) => (number === lost ? undefined : find(number));
    for (let i = 0; i < 4; i++) {
      goOn();
      await history.toDate();
    }
    const told = history.told.filter(({ number }) => number > before!.number);
    assert.deepEqual(
      told.map(({ number, gap }) => [number - lost, gap]),
      [
        [-1, false],
        [0, true],
        [1, false],
        [2, false],
      ],
    );
    assert.ok(await history.segment(lost + 1));
    for (const number of [lost, 1, shelf.listed[0]!.stamp.segment]) assert.equal(history.segment(number), undefined);
  });

  test('goes back no farther than it may', async (t) => {
    const reach = 20 * SECOND;
    const { history, studio } = await halfway(t, reach);
    await history.toDate();
    const times = history.told.map(({ time }) => studio.clock.wall() - time);
    assert.ok(times[0]! <= reach && times[0]! > reach - SECOND, `${times[0]}`);
    assert.equal(history.written[0]!.time, history.told[0]!.time);
  });

  test('is that of the shelf where nothing is kept', async (t) => {
    const { history, shelf, studio } = await halfway(t);
    const ground = { ...GROUND, clock: studio.clock, find: async () => undefined };
    const empty = new History(shelf, ground);
    await Promise.all([empty.toDate(), history.toDate()]);
    assert.deepEqual(empty.told, []);
    const texts = [undefined, empty].map((each) =>
      new Playlists(shelf, 'fmp4', OPTIONS, () => [], each).write(false).plain.toString(),
    );
    assert.equal(texts[0], texts[1]);
  });
});

/** Ends the stream, and compares what comes of its recording with what was there while it ran. */
async function sameAgain(owner: Owner, staged: Stage): Promise<void> {
  const { studio, feed, done } = staged;
  const live = bytesOn(feed.shelf);
  await studio.end(done);
  const past = await pastOf(owner, staged);
  const archive = new RecordedArchive(past, PART, studio.clock);
  const told = await past.segments();
  assert.deepEqual(
    told.map(({ stamp, gap }) => [stamp.segment, gap]),
    [...live.keys()].slice(0, told.length).map((number) => [number, false]),
  );
  assert.ok(told.length >= Math.max(1, live.size - 1), `${told.length} of ${live.size}`);
  for (const { stamp, time, duration } of told) {
    const { segment } = stamp;
    const shelved = feed.shelf.find(segment)!;
    assert.deepEqual([stamp, time], [shelved.stamp, shelved.time]);
    const isLast = feed.shelf.find(segment + 1)?.stamp.discontinuity !== stamp.discontinuity;
    if (!isLast) assert.equal(duration, shelved.duration);
    assert.equal(digest((await archive.segment(segment))!), live.get(segment), `segment ${segment}`);
  }
}
