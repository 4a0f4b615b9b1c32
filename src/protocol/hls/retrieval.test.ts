import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { MirrorStage, playlistOf, setUp, whole, write } from '../../../test/support/hls-stage.ts';
import { concat } from '../../base/bytes.ts';
import { RefusedError } from '../../base/errors.ts';
import type { Signal } from '../../base/signal.ts';
import { checkPlaylist } from '../../container/hls/check.ts';
import type { ReadFile } from '../../hub/files.ts';
import type { Feed } from './feed.ts';
import { take } from './media.ts';
import { readName } from './names.ts';

/** An owner whose stream was watched from its first second on. */
async function owner({ listed = 6 } = {}) {
  const node = setUp({ listed });
  const publisher = await node.begin('video', 'audio');
  await write(publisher, node.clock, { to: 40 });
  const { feed } = node.feeds.use(publisher.stream, 'fmp4');
  /** Goes on, from one second to another, while whatever waits goes on as well. */
  const goOn = (from: number, to: number) =>
    write(publisher, node.clock, { from: Math.round(from * 1000), to: Math.round(to * 1000), rest: turn });
  await goOn(0.04, 21.5);
  return { ...node, publisher, feed, goOn };
}

/** Reads as another does, and counts what is asked for. */
function counted(read: ReadFile): ReadFile & { readonly asked: string[] } {
  const asked: string[] = [];
  const counting: ReadFile = (name, reading) => {
    asked.push(name);
    return read(name, reading);
  };
  return Object.assign(counting, { asked });
}

function untilAborted(signal: Signal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

/** Segments, their dates and gaps, init segments and discontinuities, without what tells of parts. */
function listOf({ shelf }: Feed): string[] {
  return playlistOf(shelf)
    .split('\n')
    .filter((line) => !/^#EXT-X-(?:PART|PRELOAD|SERVER|TARGET)/.test(line));
}

async function bytesOf(feed: Feed, name: string): Promise<string> {
  return Buffer.from(concat((await take(readName(name)!, feed)).pieces)).toString('latin1');
}

/** Asserts that whatever a node lists it has, and that it is the same as at the owner. */
async function assertSame(feed: Feed, of: Feed): Promise<void> {
  for (const line of listOf(feed).filter((line) => /^\d+\.m4s$/.test(line)))
    assert.ok((await bytesOf(feed, line)) === (await bytesOf(of, line)), line);
}

describe('a node that comes later', () => {
  test('lists at once what the owner lists, and has it under the same names', async () => {
    const { publisher, feed, read, clock, goOn } = await owner();
    const upstream = counted(read);
    const { node, stream } = new MirrorStage(publisher.stream, setUp({ clock }), upstream);
    const mirrored = node.feeds.use(stream, 'fmp4').feed;
    await mirrored.toDate();
    assert.deepEqual(checkPlaylist(playlistOf(mirrored.shelf)), []);
    const over = listOf(feed);
    assert.equal(
      listOf(mirrored).join('\n'),
      `${over
        .slice(
          0,
          over.findLastIndex((line) => line.startsWith('#')),
        )
        .join('\n')}\n`,
    );
    await assertSame(mirrored, feed);
    const init = mirrored.shelf.listed[0]!.init!.name;
    assert.equal(await bytesOf(mirrored, init), await bytesOf(feed, init));
    await goOn(21.5, 27);
    assert.deepEqual(listOf(mirrored), listOf(feed));
    assert.equal(listOf(mirrored).includes('#EXT-X-GAP'), false);
    await assertSame(mirrored, feed);
  });

  test('fetches each file once, however many ask for it', async () => {
    const { publisher, feed, read, clock } = await owner();
    const upstream = counted(read);
    const { node, stream } = new MirrorStage(publisher.stream, setUp({ clock }), upstream);
    const mirrored = node.feeds.use(stream, 'fmp4').feed;
    await mirrored.toDate();
    const { number, init } = { number: feed.shelf.listed[0]!.stamp.segment, init: feed.shelf.listed[0]!.init!.name };
    const names = [`${number}.m4s`, init];
    for (let i = 0; i < 2; i++) await Promise.all([...names, ...names].map((name) => bytesOf(mirrored, name)));
    for (const name of names) assert.equal(upstream.asked.filter((each) => each === name).length, 1, name);
  });

  test('has the owner go on with making segments for as long as it is watched itself', async () => {
    const { publisher, feeds, read, clock, goOn } = await owner();
    feeds.use(publisher.stream, 'fmp4').release();
    const { node, stream } = new MirrorStage(publisher.stream, setUp({ clock }), read);
    const { release } = node.feeds.use(stream, 'fmp4');
    await goOn(21.5, 55);
    const { shelf } = feeds.find(publisher.stream, 'fmp4')!;
    const { version } = shelf;
    await goOn(55, 56);
    assert.ok(shelf.version > version);
    release();
  });
});

describe('a hole', () => {
  test('of a frame is filled with what the owner has', async () => {
    const { publisher, feed, read, clock, goOn } = await owner();
    const lost = publisher.stream.log.head + 300;
    const { node, stream } = new MirrorStage(publisher.stream, setUp({ clock }), read, (seq) => seq === lost);
    const mirrored = node.feeds.use(stream, 'fmp4').feed;
    await goOn(21.5, 32);
    assert.deepEqual(listOf(mirrored), listOf(feed));
    await assertSame(mirrored, feed);
  });

  test('of seconds is filled, as soon as the way is there again', async () => {
    const { publisher, feed, read, clock, goOn } = await owner();
    const mirror = new MirrorStage(publisher.stream, setUp({ clock }), read);
    const mirrored = mirror.node.feeds.use(mirror.stream, 'fmp4').feed;
    await goOn(21.5, 22.2);
    const first = mirrored.shelf.listed[0]!.stamp.segment;
    mirror.cut();
    await goOn(22.2, 27.4);
    mirror.mend();
    await goOn(27.4, 31);
    assert.deepEqual(listOf(mirrored), listOf(feed));
    assert.ok(mirrored.shelf.listed[0]!.stamp.segment >= first);
    await assertSame(mirrored, feed);
  });

  test('that nobody can fill is marked, as is one when nobody answers in a second', async () => {
    const { publisher, read, clock, goOn } = await owner();
    const lost = publisher.stream.log.head + 300;
    let isThere = true;
    const refusing: ReadFile = (name, reading) =>
      isThere ? read(name, reading) : Promise.reject(new RefusedError('limit', 'not now'));
    const silent: ReadFile = (name, reading) => (isThere ? read(name, reading) : untilAborted(reading.signal));
    const feeds = [refusing, silent].map((upstream) => {
      const { node, stream } = new MirrorStage(publisher.stream, setUp({ clock }), upstream, (seq) => seq === lost);
      return node.feeds.use(stream, 'fmp4').feed;
    });
    await goOn(21.5, 23);
    isThere = false;
    await goOn(23, 29);
    for (const feed of feeds) {
      const text = playlistOf(feed.shelf);
      assert.deepEqual([text.match(/EXT-X-GAP/g)?.length, checkPlaylist(text)], [1, []], text);
      const [gap] = feed.shelf.listed.filter((segment) => segment.gap);
      assert.throws(() => take(readName(`${gap!.stamp.segment}.m4s`)!, feed), { code: 'not-found' });
    }
    isThere = true;
    await goOn(29, 33);
    for (const feed of feeds) assert.doesNotMatch(playlistOf(feed.shelf), /EXT-X-GAP/);
  });

  test('in what others told of is marked once they do not have it any more', async () => {
    const { publisher, feed, read, clock } = await owner();
    const gone = `${feed.shelf.listed[1]!.stamp.segment}.m4s`;
    const upstream: ReadFile = (name, reading) =>
      name === gone ? Promise.reject(new RefusedError('not-found', 'no more')) : read(name, reading);
    const { node, stream } = new MirrorStage(publisher.stream, setUp({ clock }), upstream);
    const mirrored = node.feeds.use(stream, 'fmp4').feed;
    await mirrored.toDate();
    assert.doesNotMatch(playlistOf(mirrored.shelf), /EXT-X-GAP/);
    await assert.rejects(async () => take(readName(gone)!, mirrored), { code: 'not-found' });
    assert.match(playlistOf(mirrored.shelf), new RegExp(`#EXT-X-GAP\n#EXTINF:[\\d.]+,\n${gone}`));
  });
});

test('a window that is longer than memory is fetched as it is asked for', async () => {
  const { publisher, feed, read, clock, goOn } = await owner({ listed: 20 });
  const { node, stream } = new MirrorStage(publisher.stream, setUp({ clock, listed: 20, bytes: 60_000 }), read);
  const mirrored = node.feeds.use(stream, 'fmp4').feed;
  await mirrored.toDate();
  await goOn(21.5, 70.5);
  assert.deepEqual(listOf(mirrored), listOf(feed));
  const inMemory = mirrored.shelf.listed.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(inMemory <= 60_000 && feed.shelf.listed.length === 21, `${inMemory}`);
  await assertSame(mirrored, feed);
});

test('an edge of an edge has what the owner has', async () => {
  const { publisher, feed, read, clock, goOn } = await owner();
  const near = new MirrorStage(publisher.stream, setUp({ clock }), read);
  const far = new MirrorStage(near.stream, setUp({ clock }), near.node.read);
  const mirrored = far.node.feeds.use(far.stream, 'fmp4').feed;
  await mirrored.toDate();
  await goOn(21.5, 25);
  assert.deepEqual(listOf(mirrored), listOf(feed));
  await assertSame(mirrored, feed);
});

test('whatever is lost and cut, no number goes back and no name has other bytes', async () => {
  const plan = fc.record({
    lost: fc.uniqueArray(fc.integer({ min: 0, max: 1500 }), { maxLength: 6 }),
    cuts: fc.array(fc.tuple(fc.integer({ min: 5, max: 80 }), fc.integer({ min: 1, max: 60 })), { maxLength: 3 }),
    fails: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ lost, cuts, fails }) => {
      const { publisher, feed, read, clock, goOn } = await owner();
      const { head } = publisher.stream.log;
      let asked = 0;
      const unsteady: ReadFile = (name, reading) =>
        fails[asked++ % 5] ? Promise.reject(new RefusedError('limit', 'not now')) : read(name, reading);
      const isLost = (seq: number) => lost.includes(seq - head);
      const mirror = new MirrorStage(publisher.stream, setUp({ clock }), unsteady, isLost);
      const mirrored = mirror.node.feeds.use(mirror.stream, 'fmp4').feed;
      let [first, last] = [0, 0];
      for (let at = 0; at < 120; at++) {
        for (const [from, length] of cuts) {
          if (from === at) mirror.cut();
          if (from + length === at) mirror.mend();
        }
        await goOn(21.5 + at / 5, 21.5 + (at + 1) / 5);
        const { listed } = mirrored.shelf;
        const text = playlistOf(mirrored.shelf);
        assert.deepEqual(checkPlaylist(text), [], text);
        assert.ok((listed[0]?.stamp.segment ?? 0) >= first && (listed.at(-1)?.stamp.segment ?? 0) >= last);
        [first, last] = [listed[0]?.stamp.segment ?? 0, listed.at(-1)?.stamp.segment ?? 0];
      }
      const [ours, theirs] = [whole(mirrored.shelf), whole(feed.shelf)];
      for (const [number, bytes] of ours) if (theirs.has(number)) assert.ok(bytes === theirs.get(number), `${number}`);
    }),
    { seed: 4, numRuns: 25 },
  );
});
