import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUp, write } from '../../../test/support/hls-stage.ts';
import { SECOND, VirtualClock } from '../../base/clock.ts';
import { Files, type ReadFile } from '../../hub/files.ts';
import { noSiblings } from '../../net/siblings.ts';
import { Groups } from './groups.ts';
import { Renditions } from './renditions.ts';

const MOVIE = 'v/live/movie';

/** A node where streams of these names are published, and which asks in this way. */
async function node(clock: VirtualClock, ...names: string[]) {
  const { hub, beginAt } = setUp({ clock });
  const files = new Files();
  const renditions = new Renditions({ groups: new Groups(hub, noSiblings()), files, clock });
  for (const name of names) {
    const publisher = await beginAt(`v/live/${name}`, 'video');
    await write(publisher, clock, { to: 40, sound: false });
  }
  const read: ReadFile = async () => [await renditions.write(MOVIE)];
  return { files, renditions, read };
}

test('are those of this node and of all that it fetches from, each once', async () => {
  const clock = new VirtualClock();
  const here = await node(clock, 'movie_480', 'film_1080');
  const [near, far] = [await node(clock, 'movie_480', 'movie_720'), await node(clock, 'movie')];
  here.files.elsewhere = () => [near.read];
  near.files.elsewhere = () => [far.read];
  assert.deepEqual(await here.renditions.find(MOVIE), ['v/live/movie_480', 'v/live/movie_720', MOVIE]);
});

test('are found where nodes fetch from each other', async () => {
  const clock = new VirtualClock();
  const [a, b] = [await node(clock, 'movie_480'), await node(clock, 'movie_720')];
  a.files.elsewhere = () => [b.read];
  b.files.elsewhere = () => [a.read];
  for (const { renditions } of [a, b])
    assert.deepEqual((await renditions.find(MOVIE)).sort(), ['v/live/movie_480', 'v/live/movie_720']);
});

test('are asked for once in a while, and nobody is waited for who does not answer', async () => {
  const clock = new VirtualClock();
  const here = await node(clock, 'movie_480');
  let asked = 0;
  const silent: ReadFile = (_, { signal }) =>
    new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const strange: ReadFile = async () => {
    asked++;
    return [Buffer.from('movie_720\n../../etc\n')];
  };
  here.files.elsewhere = () => [silent, strange, () => Promise.reject(new Error('lost'))];
  const found = Promise.all([here.renditions.find(MOVIE), here.renditions.find(MOVIE)]);
  await Promise.resolve();
  clock.advance(SECOND);
  // One who names what is no name is not believed at all.
  assert.deepEqual(await found, [['v/live/movie_480'], ['v/live/movie_480']]);
  assert.equal(asked, 1);
  clock.advance(2 * SECOND);
  const again = here.renditions.find(MOVIE);
  await Promise.resolve();
  clock.advance(SECOND);
  await again;
  assert.equal(asked, 2);
});
