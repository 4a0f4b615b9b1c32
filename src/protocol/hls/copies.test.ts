import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { temporaryFolder } from '../../../test/support/ffmpeg.ts';
import { OPTIONS, PATH, setUp, whole, write } from '../../../test/support/hls-stage.ts';
import type { Owner } from '../../../test/support/until.ts';
import { SECOND, VirtualClock } from '../../base/clock.ts';
import { checkPlaylist } from '../../container/hls/check.ts';
import { readMediaPlaylist } from '../../container/hls/read-media-playlist.ts';
import { type Lease, type Leases, MemoryLeases } from '../../hub/lease.ts';
import { noSiblings, type Siblings } from '../../net/siblings.ts';
import { loggerTo } from '../../ops/log.ts';
import { Copies } from './copies.ts';
import { type Folder, systemFolder } from './folder.ts';

const GRACE = 60 * SECOND;

/** Leases that outlast the process, as those of a node do that others fetch from. */
class KeptLeases extends MemoryLeases implements Leases {
  #kept: Lease | undefined;

  override claim(path: string, held?: Lease): Lease {
    if (held) return held;
    return { anchor: undefined, ...this.#kept, token: super.claim(path).token };
  }

  override keep(_: string = '', lease?: Lease): void {
    this.#kept = lease;
  }
}

/** A server that keeps segments in a folder; `run` begins it, and begins it again after it was stopped or killed. */
async function stage(owner: Owner, wrap: (folder: Folder) => Folder = (folder) => folder) {
  const root = join(await temporaryFolder(owner), 'www');
  const clock = new VirtualClock();
  const leases = new KeptLeases(clock);
  const lines: { msg: string; reason?: string }[] = [];
  const log = loggerTo({ write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[0]) }, 'info');
  const { folder: counted, rest } = countedFolder(root);
  const run = (workers?: Siblings) => {
    const folder = wrap(counted);
    const node = setUp({ clock, leases, folder, ...(workers && { workers }) });
    const copies = new Copies({ ...node.ground, context: { ...node.ground.context, log } }, folder);
    return { ...node, copies, publish: () => node.begin('video') };
  };
  const at = (name: string) => join(root, name);
  const text = (name: string) => readFile(at(name), 'utf8').catch(() => '');
  const names = async (name: string) =>
    (await readdir(at(name)).catch(() => [])).toSorted((a, b) => a.localeCompare(b));
  const playlist = async (name = 'v/live/movie') => {
    const written = await text(`${name}/media.m3u8`);
    assert.deepEqual(checkPlaylist(written), [], written);
    return readMediaPlaylist(written);
  };
  /** Goes on from one second to another; then what is under way comes to its end. */
  const goOn = async (publisher: Awaited<ReturnType<ReturnType<typeof run>['publish']>>, from: number, to: number) => {
    for (let at = from; at < to; at = Math.min(to, at + 1)) {
      await write(publisher, clock, { from: at * 1000, to: Math.min(to, at + 1) * 1000, sound: false, rest: turn });
      await rest();
    }
  };
  return { clock, lines, run, at, text, names, playlist, goOn, rest };
}

/** A folder, and what resolves when nothing is under way in it any more. */
function countedFolder(root: string) {
  let underWay = 0;
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    underWay++;
    return work.finally(() => underWay--);
  };
  const all = Object.entries(systemFolder(root)) as [string, (...args: unknown[]) => Promise<unknown>][];
  const folder = Object.fromEntries(all.map(([name, call]) => [name, (...args: unknown[]) => counted(call(...args))]));
  const rest = async () => {
    // Between two of them nothing but promises is waited for.
    for (let quiet = 0; quiet < 5; quiet = underWay > 0 ? 0 : quiet + 1) await turn();
  };
  return { folder: folder as unknown as Folder, rest };
}

test('there is always a playlist, and all that it names with the bytes that viewers get', async (t) => {
  const { run, goOn, at, text, names, playlist } = await stage(t);
  const { feeds, publish } = run();
  const publisher = await publish();
  await goOn(publisher, 0, 1);
  assert.deepEqual(await names('.'), []);
  await goOn(publisher, 1, 31.1);
  const { shelf } = feeds.find(publisher.stream, 'fmp4')!;
  const { segments, ended } = await playlist();
  assert.deepEqual([segments.length, ended], [OPTIONS.window, false]);
  assert.doesNotMatch(await text('v/live/movie/media.m3u8'), /EXT-X-(?:PART|PRELOAD|SERVER|GAP)/);
  for (const { number, uri } of segments)
    assert.equal(await readFile(at(`v/live/movie/${uri}`), 'latin1'), whole(shelf).get(number));
  const init = segments[0]!.init!;
  assert.ok(shelf.init(init)!.bytes!.length === (await readFile(at(`v/live/movie/${init}`))).length);
  // Two more for those who have an older playlist, with that, the init segment and our mark.
  assert.equal((await names('v/live/movie')).length, OPTIONS.window + 2 + 3);
  const master = await text('v/live/movie.m3u8');
  assert.deepEqual(checkPlaylist(master), []);
  assert.match(master, /\nmovie\/media\.m3u8\n$/);
});

test('every segment is told of once, when there is a playlist that names it', async (t) => {
  let isFull = false;
  const full = (folder: Folder): Folder => ({
    ...folder,
    write: (file, pieces) =>
      isFull && file.endsWith('media.m3u8') ? Promise.reject(new Error('full')) : folder.write(file, pieces),
  });
  const { run, goOn, at } = await stage(t, full);
  const { hub, publish } = run();
  const told: string[] = [];
  hub.observe((event) => {
    if (event.type !== 'segment') return;
    const { number, duration, file, playlist } = event;
    assert.ok(readFileSync(at(playlist), 'utf8').includes(`${number}.m4s`), 'the playlist names it');
    assert.ok(existsSync(at(file)) && duration >= SECOND, `${file} lasts ${duration}`);
    told.push(file);
  });
  const publisher = await publish();
  await goOn(publisher, 0, 9);
  const before = told.length;
  isFull = true;
  await goOn(publisher, 9, 13);
  assert.equal(told.length, before);
  isFull = false;
  await goOn(publisher, 13, 21);
  assert.ok(before >= 2 && told.length >= before + 4, `${before} and then ${told.length} are told`);
  const numbers = told.map((file) => Number(/(\d+)\.m4s$/.exec(file)![1]));
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => numbers[0]! + i),
  );
});

test('renditions are offered together, as long as they last', async (t) => {
  const { run, goOn, text, clock, rest } = await stage(t);
  const { beginAt } = run();
  const publishers = [];
  for (const name of ['v/live/show_720', 'v/live/show_480']) publishers.push(await beginAt(name, 'video'));
  for (const publisher of publishers) await goOn(publisher, 0, 3);
  const uris = async () => (await text('v/live/show.m3u8')).split('\n').filter((line) => line.endsWith('.m3u8'));
  assert.deepEqual((await uris()).sort(), ['show_480/media.m3u8', 'show_720/media.m3u8']);
  publishers[0]!.close(true);
  clock.advance(5 * SECOND);
  await rest();
  await goOn(publishers[1]!, 3, 6);
  assert.deepEqual(await uris(), ['show_480/media.m3u8']);
});

test('renditions are offered together though each is written by another worker', async (t) => {
  const { run, goOn, text, clock, rest } = await stage(t);
  const owners = new Map<string, number>();
  const begun = [];
  for (const [worker, name] of [
    [1, 'show_720'],
    [2, 'show_480'],
  ] as const) {
    const path = `v/live/${name}`;
    owners.set(path, worker);
    const moved: ((path: string, owner: number | undefined) => void)[] = [];
    const ownerOf = (of: string) => owners.get(of);
    const onMove: Siblings['onMove'] = (listener) => void moved.push(listener);
    const { beginAt } = run({ ...noSiblings(), worker, count: 2, ownerOf, owned: owners.keys(), onMove });
    begun.push({ path, publisher: await beginAt(path, 'video'), moved });
  }
  for (const { moved } of begun) for (const [path, owner] of owners) for (const move of moved) move(path, owner);
  for (const { publisher } of begun) await goOn(publisher, 0, 3);
  const uris = async () => (await text('v/live/show.m3u8')).match(/^show_.*$/gm);
  assert.deepEqual((await uris())!.toSorted(), ['show_480/media.m3u8', 'show_720/media.m3u8']);
  const [first, second] = begun as [(typeof begun)[0], (typeof begun)[0]];
  owners.delete(second.path);
  for (const { moved } of begun) for (const move of moved) move(second.path, undefined);
  second.publisher.close(true);
  for (const time of [SECOND, OPTIONS.disk.keep]) {
    clock.advance(time);
    await rest();
  }
  await goOn(first.publisher, 3, 6);
  assert.deepEqual(await uris(), ['show_720/media.m3u8']);
});

test('a stream that is published elsewhere now has not ended', async (t) => {
  const { run, goOn, playlist, clock, rest } = await stage(t);
  const { hub, open, publish } = run();
  const publisher = await publish();
  await goOn(publisher, 0, 9);
  publisher.close(false);
  const mirror = hub.mirror(PATH, open());
  mirror.end('gone', 'nobody watches it here any more');
  for (const time of [GRACE, OPTIONS.disk.keep]) {
    clock.advance(time);
    await rest();
  }
  const { segments, ended } = await playlist();
  assert.deepEqual([segments.length > 3, ended], [true, false]);
});

test('a stream that has ended says so for a while, and then nothing of it is left', async (t) => {
  const { run, goOn, names, playlist, clock, at, rest } = await stage(t);
  const publisher = await run().publish();
  await goOn(publisher, 0, 9);
  await writeFile(at('v/live/movie/notes.txt'), 'not ours');
  publisher.close(true);
  clock.advance(5 * SECOND);
  await rest();
  assert.equal((await playlist()).ended, true);
  clock.advance(OPTIONS.disk.keep - 1);
  await rest();
  assert.ok((await names('v/live/movie')).length > 4);
  clock.advance(1);
  await rest();
  assert.deepEqual([await names('v/live'), await names('v/live/movie')], [['movie'], ['notes.txt']]);
});

describe('after a restart', () => {
  /** A server that has run for 13 seconds and then was stopped, or killed. */
  async function before(owner: Owner, isKilled: boolean) {
    const all = await stage(owner);
    const first = all.run();
    const publisher = await first.publish();
    await all.goOn(publisher, 0, 13);
    if (isKilled) first.feeds.find(publisher.stream, 'fmp4')!.close();
    else first.hub.close();
    await all.rest();
    const { segments, ended } = await all.playlist();
    assert.equal(ended, false);
    return { ...all, numbers: segments.map(({ number }) => number) };
  }

  test('the playlist goes on behind a discontinuity, without a number twice or left out', async (t) => {
    const { run, goOn, playlist, text, numbers, rest } = await before(t, false);
    const again = run();
    await rest();
    assert.deepEqual(
      (await playlist()).segments.map(({ number }) => number),
      numbers,
    );
    const publisher = await again.publish();
    await rest();
    await goOn(publisher, 20, 23);
    const { segments } = await playlist();
    const last = numbers.at(-1)!;
    assert.deepEqual(
      segments.map(({ number }) => number),
      [...numbers.slice(1 - OPTIONS.window), last + 1],
    );
    assert.match(await text('v/live/movie/media.m3u8'), new RegExp(`#EXT-X-DISCONTINUITY\n[^]*\n${last + 1}.m4s`));
    const { feed } = again.feeds.use(again.hub.find(PATH)!, 'fmp4');
    assert.deepEqual(
      feed.shelf.listed.slice(0, -1).map(({ stamp }) => stamp.segment),
      segments.map(({ number }) => number),
    );
    const [old] = await again.read(`${segments[0]!.number}.m4s`, { most: 1e6, signal: new AbortController().signal });
    assert.ok(old!.length > 500);
  });

  test('that was none of our will the numbers are greater than any before', async (t) => {
    const { run, goOn, playlist, names, numbers } = await before(t, true);
    await goOn(await run().publish(), 20, 40);
    const { segments } = await playlist();
    assert.ok(segments[0]!.number > numbers.at(-1)!);
    assert.equal((await names('v/live/movie')).length, OPTIONS.window + 2 + 3);
  });

  test('a stream that does not come back has ended, and goes', async (t) => {
    const { run, names, playlist, clock, rest } = await before(t, true);
    run();
    await rest();
    clock.advance(GRACE);
    await rest();
    assert.equal((await playlist()).ended, true);
    clock.advance(OPTIONS.disk.keep);
    await rest();
    assert.deepEqual(await names('v/live'), []);
  });
});

describe('a disk that fails disturbs nobody', () => {
  test('when it is full: what is not there is a gap, and it is said once', async (t) => {
    let isFull = false;
    const { run, goOn, playlist, lines } = await stage(t, (folder) => ({
      ...folder,
      write: async (file, pieces) => {
        if (isFull) throw Object.assign(new Error(`ENOSPC: no space left, write ${file}`), { code: 'ENOSPC' });
        await folder.write(file, pieces);
      },
    }));
    const { feeds, publish } = run();
    const publisher = await publish();
    await goOn(publisher, 0, 5);
    isFull = true;
    await goOn(publisher, 5, 9);
    isFull = false;
    await goOn(publisher, 9, 13);
    const { listed } = feeds.find(publisher.stream, 'fmp4')!.shelf;
    assert.ok(listed.every(({ gap }) => !gap) && listed.length >= 6);
    const { segments } = await playlist();
    assert.deepEqual(
      segments.map(({ gap }) => gap),
      [false, false, true, true, false, false],
    );
    assert.deepEqual(
      lines.map(({ msg, reason }) => [msg, reason]),
      [
        ['segments cannot be written', 'ENOSPC'],
        ['segments are written again', undefined],
      ],
    );
  });

  test('when it hangs: segments are made as ever, and nothing piles up', async (t) => {
    const hanging = Promise.withResolvers<void>();
    let hung = 0;
    const { run, goOn, playlist, rest } = await stage(t, (folder) => ({
      ...folder,
      write: async (file, pieces) => {
        hung++;
        await hanging.promise;
        await folder.write(file, pieces);
      },
    }));
    const { feeds, publish } = run();
    const publisher = await publish();
    await goOn(publisher, 0, 60);
    assert.equal(hung, 1);
    const { listed } = feeds.find(publisher.stream, 'fmp4')!.shelf;
    assert.equal(listed.at(-1)!.stamp.segment - listed[0]!.stamp.segment, OPTIONS.window);
    hanging.resolve();
    await rest();
    const { segments } = await playlist();
    assert.deepEqual(
      segments.map(({ gap }) => gap),
      new Array(OPTIONS.window).fill(false),
    );
  });
});

test('a window longer than memory is on disk', async (t) => {
  const root = await temporaryFolder(t);
  const { folder, rest } = countedFolder(root);
  const node = setUp({ listed: 20, bytes: 30_000, folder });
  new Copies(node.ground, folder);
  const publisher = await node.begin('video');
  await write(publisher, node.clock, { to: 50_100, sound: false, rest });
  const { feed } = node.feeds.use(publisher.stream, 'fmp4');
  const { listed } = feed.shelf;
  assert.equal(listed.length, 21);
  assert.ok(listed.reduce((sum, { bytes }) => sum + bytes, 0) <= 30_000);
  for (const { stamp, gap } of listed.slice(0, -1)) {
    assert.equal(gap, false);
    const pieces = await node.read(`${stamp.segment}.m4s`, { most: 1e6, signal: new AbortController().signal });
    assert.equal(Buffer.concat(pieces).toString('latin1', 4, 8), 'moof');
  }
});

test('a folder that we did not make stays as it is', async (t) => {
  const { run, at, text, clock, rest } = await stage(t);
  const names = ['5.m4s', 'media.m3u8'];
  await mkdir(at('v/other/movie'), { recursive: true });
  for (const name of names) await writeFile(at(`v/other/movie/${name}`), name);
  run();
  await rest();
  for (const time of [GRACE, OPTIONS.disk.keep]) {
    clock.advance(time);
    await rest();
  }
  for (const name of names) assert.equal(await text(`v/other/movie/${name}`), name);
});

test('only what is there is read, and no more than is wanted', async (t) => {
  const folder = systemFolder(await temporaryFolder(t));
  await folder.write('a/b', [Buffer.from('four')]);
  await folder.write('a/empty', []);
  assert.equal(Buffer.from(await folder.read('a/b', 4)).toString(), 'four');
  await assert.rejects(folder.read('a/b', 3), { code: 'too-large' });
  for (const name of ['a/c', 'a/empty']) await assert.rejects(folder.read(name, 9), { code: 'not-found' });
  assert.deepEqual([await folder.find('b'), await folder.list('c')], [['a'], []]);
});
