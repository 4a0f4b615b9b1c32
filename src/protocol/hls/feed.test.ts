import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AUDIO, MirrorStage, OPTIONS, playlistOf, setUp, whole, write } from '../../../test/support/hls-stage.ts';
import { VIDEO } from '../../../test/support/tracks.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { checkPlaylist } from '../../container/hls/check.ts';
import { Pasts } from '../../hub/past.ts';
import type { VideoTrack } from '../../media/track.ts';
import { silentLogger } from '../../ops/log.ts';
import { type Feed, Feeds } from './feed.ts';
import type { Shelf } from './shelf.ts';

describe('parts are as long as the players want them', () => {
  for (const rate of [5, 10, 12.5, 15, 20, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60]) {
    test(`at ${rate.toFixed(2)} pictures a second`, async () => {
      const { begin, clock, feeds } = setUp();
      const publisher = await begin('video', 'audio');
      await write(publisher, clock, { to: 1, step: 40 });
      const { feed } = feeds.use(publisher.stream, 'fmp4');
      await write(publisher, clock, { from: 40, to: 9000, step: 1000 / rate, gop: Math.round(rate) });
      const text = playlistOf(feed.shelf);
      assert.deepEqual(checkPlaylist(text), [], text);
      const lengths = feed.shelf.listed
        .slice(1)
        .flatMap(({ parts }) => parts.slice(0, -1).map((part) => part.duration));
      assert.ok(lengths.length > 8);
      for (const length of lengths) assert.ok(Math.abs(length / MILLISECOND - 200) <= 500 / rate + 1, `${length}`);
    });
  }

  test('of sound alone', async () => {
    const { begin, clock, feeds } = setUp();
    const publisher = await begin('audio');
    await write(publisher, clock, { to: 40, step: 0 });
    const { feed } = feeds.use(publisher.stream, 'fmp4');
    await write(publisher, clock, { from: 64, to: 9000, step: 0 });
    const text = playlistOf(feed.shelf);
    assert.deepEqual(checkPlaylist(text), [], text);
    assert.ok(feed.shelf.listed.every(({ parts }) => parts.every(({ independent }) => independent)));
  });
});

test('one who comes later finds the same segments as one who was there', async () => {
  const { begin, clock, feeds } = setUp();
  const publisher = await begin('video', 'audio');
  await write(publisher, clock, { to: 40 });
  const early = feeds.use(publisher.stream, 'fmp4').feed;
  await write(publisher, clock, { from: 40, to: 3500 });
  const late = new Feeds({ options: OPTIONS, bytes: 1e9, clock, log: silentLogger, reach: 0, pasts: new Pasts() }).use(
    publisher.stream,
    'fmp4',
  ).feed;
  // It begins in the past, so that something is there at once.
  assert.ok(late.shelf.listed[0]!.parts.length > 0);
  await write(publisher, clock, { from: 3520, to: 9000 });
  const [all, some] = [whole(early.shelf), whole(late.shelf)];
  assert.ok(some.size >= 3 && some.size < all.size);
  for (const [number, bytes] of some) assert.ok(bytes === all.get(number), `${number}`);
});

function watched({ node, stream }: MirrorStage): Feed {
  return node.feeds.use(stream, 'fmp4').feed;
}

test('another node makes the same bytes of a stream, and marks what it does not have', async () => {
  const { begin, clock, feeds } = setUp({ window: 60 * SECOND });
  const publisher = await begin('video', 'audio');
  await write(publisher, clock, { to: 40 });
  const owner = feeds.use(publisher.stream, 'fmp4').feed;
  const sound = watched(new MirrorStage(publisher.stream));
  const lossy = watched(new MirrorStage(publisher.stream, setUp(), undefined, (seq) => seq === 300));
  await write(publisher, clock, { from: 40, to: 9020 });
  assert.ok(whole(owner.shelf).size >= 4);
  assert.deepEqual(whole(sound.shelf), whole(owner.shelf));
  assert.equal(playlistOf(sound.shelf), playlistOf(owner.shelf));
  assert.equal(sound.shelf.last!.init!.name, owner.shelf.last!.init!.name);
  const missing = [...whole(owner.shelf).keys()].filter((number) => !whole(lossy.shelf).has(number));
  assert.equal(missing.length, 1);
  for (const [number, bytes] of whole(lossy.shelf)) assert.ok(bytes === whole(owner.shelf).get(number));
  const text = playlistOf(lossy.shelf);
  assert.match(text, new RegExp(`#EXT-X-GAP\n#EXTINF:[\\d.]+,\n${missing[0]}.m4s`));
  assert.deepEqual(checkPlaylist(text), []);
});

test('after a return there is a discontinuity, with the init segment as before where nothing else has changed', async () => {
  const { begin, clock, feeds } = setUp();
  const first = await begin('video', 'audio');
  await write(first, clock, { to: 40 });
  const { feed } = feeds.use(first.stream, 'fmp4');
  await write(first, clock, { from: 40, to: 3000 });
  clock.advance(5 * SECOND);
  const second = await begin('video', 'audio');
  await write(second, clock, { from: 70_000, to: 73_000 });
  second.close(false);
  const larger: VideoTrack = { ...VIDEO, config: Uint8Array.of(7), width: 1280, height: 720 };
  await write(await begin('video', 'audio'), clock, { to: 3000, video: larger });
  const text = playlistOf(feed.shelf);
  assert.deepEqual(checkPlaylist(text), [], text);
  assert.equal(text.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 2);
  assert.equal(text.match(/#EXT-X-MAP/g)?.length, 2);
  const { listed } = feed.shelf;
  const numbers = listed.map(({ stamp }) => stamp.segment);
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => numbers[0]! + i),
  );
  // The pause is no part of any segment.
  for (const { duration = 0 } of listed) assert.ok(duration < 2.1 * SECOND, `${duration}`);
});

test('sound of another configuration is left out until its segment begins', async () => {
  const { begin, clock, feeds } = setUp();
  const publisher = await begin('video', 'audio');
  await write(publisher, clock, { to: 40 });
  const { feed } = feeds.use(publisher.stream, 'fmp4');
  await write(publisher, clock, { from: 40, to: 1000 });
  await write(publisher, clock, {
    from: 1000,
    to: 1400,
    step: 40,
    gop: 1000,
    audio: { ...AUDIO, channels: 1, config: Uint8Array.of(0x11, 0x88) },
  });
  const [segment] = feed.shelf.listed.slice(-1);
  assert.equal(feed.shelf.failed, undefined);
  assert.equal(segment!.stamp.discontinuity, 0);
});

test('other codecs go on behind a discontinuity with an init segment of their own', async () => {
  const { begin, clock, feeds } = setUp();
  const publisher = await begin('video');
  await write(publisher, clock, { to: 40, sound: false });
  const { feed } = feeds.use(publisher.stream, 'fmp4');
  await write(publisher, clock, { from: 40, to: 3000, sound: false });
  await write(publisher, clock, {
    from: 3000,
    to: 6000,
    sound: false,
    video: { ...VIDEO, codec: 'av1', parameter: 'av01.0.04M.08' },
  });
  const text = playlistOf(feed.shelf);
  assert.deepEqual(checkPlaylist(text), [], text);
  assert.equal(text.match(/#EXT-X-MAP/g)?.length, 2);
  assert.equal(feed.shelf.tracks[0]!.codec, 'av1');
});

test('at the end of the stream all is there, and the playlist says that nothing follows', async () => {
  const { begin, clock, feeds } = setUp();
  const publisher = await begin('video', 'audio');
  await write(publisher, clock, { to: 40 });
  const { feed } = feeds.use(publisher.stream, 'fmp4');
  await write(publisher, clock, { from: 40, to: 2500 });
  publisher.close(true);
  clock.advance(SECOND);
  await Promise.resolve();
  const text = playlistOf(feed.shelf);
  assert.match(text, /#EXT-X-ENDLIST\n$/);
  assert.deepEqual(checkPlaylist(text), [], text);
  assert.equal(feed.shelf.last!.duration, 0.48 * SECOND);
});

test('what a container cannot carry is refused by name', async () => {
  const { begin, clock, feeds } = setUp();
  const publisher = await begin('video');
  await write(publisher, clock, { to: 40, sound: false, video: { ...VIDEO, codec: 'vp8', parameter: 'vp8' } });
  const { failed } = feeds.use(publisher.stream, 'fmp4').feed.shelf;
  assert.deepEqual([failed?.code, failed?.message], ['unsupported', 'fMP4 cannot carry vp8']);
});

test('memory is bounded by the number of segments and by their size', async () => {
  const { begin, clock, feeds } = setUp();
  const tight = new Feeds({ options: OPTIONS, bytes: 35_000, clock, log: silentLogger, reach: 0, pasts: new Pasts() });
  const publisher = await begin('video', 'audio');
  await write(publisher, clock, { to: 40 });
  const shelves = [feeds, tight].map((each) => each.use(publisher.stream, 'fmp4').feed.shelf) as [Shelf, Shelf];
  await write(publisher, clock, { from: 40, to: 40_000 });
  const [wide, narrow] = shelves;
  const oldest = (shelf: Shelf) => shelf.last!.stamp.segment - shelf.listed[0]!.stamp.segment;
  assert.equal(oldest(wide), 6);
  assert.ok(wide.find(wide.listed[0]!.stamp.segment - 2), 'a player with an older playlist still finds it');
  assert.equal(wide.find(wide.listed[0]!.stamp.segment - 3), undefined);
  assert.ok(oldest(narrow) >= 1 && oldest(narrow) < 4, `${oldest(narrow)}`);
});

test('segments are made for a while after the last viewer, and then no more', async () => {
  const { begin, clock, feeds } = setUp();
  const publisher = await begin('video', 'audio');
  await write(publisher, clock, { to: 40 });
  const { feed, release } = feeds.use(publisher.stream, 'fmp4');
  release();
  clock.advance(29 * SECOND);
  const again = feeds.use(publisher.stream, 'fmp4');
  assert.equal(again.feed, feed);
  again.release();
  clock.advance(30 * SECOND);
  const { version } = feed.shelf;
  await write(publisher, clock, { from: 1000, to: 4000 });
  assert.equal(feed.shelf.version, version);
  assert.notEqual(feeds.use(publisher.stream, 'fmp4').feed as Feed, feed);
});
