import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionsOf, PATH, Studio } from '../../test/support/recording.ts';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { silentLogger } from '../ops/log.ts';
import { LocalRecordings } from './recordings.ts';

/** A studio whose streams are recorded as the options say, and what observers of the hub hear of it. */
function startRecordings(overrides: Readonly<Record<string, unknown>> = {}) {
  const studio = new Studio();
  const { disk, hub, sessions, clock } = studio;
  const folder = `/nowhere-${process.pid}`;
  const options = optionsOf({ paths: ['live/*'], folder, ...overrides });
  const recordings = new LocalRecordings({ options, disk, hub, sessions, clock, log: silentLogger });
  const heard: string[] = [];
  hub.observe((event) => {
    if (event.type === 'recorded') heard.push(`recorded ${event.file.slice(folder.length + 1)}`);
    else if (event.type === 'recording') heard.push(event.trouble ?? 'fine');
  });
  recordings.begin();
  return { studio, recordings, heard, folder };
}

test('a stream is recorded when it is published, as one of its viewers, and all are told when it is', async () => {
  const { studio, recordings, heard } = startRecordings();
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(2);
  assert.deepEqual([...recordings.running], [[PATH, { trouble: undefined }]]);
  assert.deepEqual(
    [...studio.stream.readers].map(({ protocol }) => protocol),
    ['record'],
  );
  const [running] = recordings.list();
  assert.deepEqual([running!.isFinished, running!.file, running!.path], [false, 'movie.mp4', PATH]);
  studio.publisher.close(true);
  await studio.wait(SECOND);
  assert.deepEqual(heard, ['recorded movie.mp4']);
  assert.deepEqual([...recordings.running], []);
  const [done] = recordings.list();
  assert.deepEqual([done!.isFinished, done!.video, done!.audio], [true, studio.sent.video, studio.sent.audio]);
  assert.equal(recordings.find(done!.id)?.file, 'movie.mp4');
  await recordings.end();
});

test('what no pattern names is not recorded, until it is asked for', async () => {
  const { studio, recordings } = startRecordings({ paths: ['other/*'] });
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(1);
  assert.deepEqual([...recordings.running], []);
  recordings.start(PATH);
  await studio.send(1);
  assert.ok(recordings.stop(PATH));
  await studio.wait(SECOND);
  assert.deepEqual([...recordings.running], []);
  assert.deepEqual(
    recordings.list().map(({ isFinished }) => isFinished),
    [true],
  );
  assert.ok(!recordings.stop(PATH));
  await recordings.end();
});

test('a stream that is published again while the last file is being finished is recorded, too', async () => {
  const { studio, recordings, folder } = startRecordings();
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(1);
  studio.disk.hang();
  studio.publisher.close(true);
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(0.2);
  studio.disk.release();
  await studio.send(2);
  studio.publisher.close(true);
  await studio.wait(SECOND);
  assert.deepEqual(
    recordings.list().map(({ file, isFinished }) => [file, isFinished]),
    [
      ['movie.mp4', true],
      ['movie-2.mp4', true],
    ],
  );
  assert.ok(studio.disk.names.every((name) => name.startsWith(folder) && !name.endsWith('.part')));
  await recordings.end();
});

test('trouble is told to all who observe, and counted, and so is its end', async () => {
  const { studio, recordings, heard } = startRecordings();
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(1);
  studio.disk.refuse = (call) => (call === 'append' ? 'EIO' : undefined);
  await studio.send(1);
  assert.deepEqual([...recordings.running.values()], [{ trouble: 'EIO: the disk says no' }]);
  studio.disk.refuse = () => undefined;
  await studio.send(6);
  assert.deepEqual(heard, ['EIO: the disk says no', 'fine']);
  assert.deepEqual([recordings.counters.troubles, recordings.counters.missed > 0], [1, true]);
  await recordings.end();
});

test('a recording that was closed for want of memory is begun again', async () => {
  const { studio, recordings } = startRecordings();
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(1);
  for (const session of studio.stream.readers)
    session.close(new RefusedError('limit', 'the server is short of memory'));
  await studio.send(7);
  assert.equal(recordings.running.size, 1);
  assert.equal(recordings.list().length, 2);
  await recordings.end();
});

test('when the server ends, everything that came is in the file', async () => {
  const { studio, recordings } = startRecordings();
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(1.5);
  studio.burst(0.2);
  studio.hub.close();
  const ended = recordings.end();
  await studio.wait(10 * MILLISECOND);
  await ended;
  const [done] = recordings.list();
  assert.deepEqual([done!.isFinished, done!.video, done!.audio], [true, studio.sent.video, studio.sent.audio]);
});

test('the quota removes the oldest recordings', async () => {
  const { studio, recordings } = startRecordings({ split: { every: '1s' }, keep: { size: '100KiB' } });
  await studio.wait(SECOND);
  await studio.publish();
  await studio.send(12);
  const sizes = recordings.list().map(({ size }) => size);
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 300 * 1024, String(sizes));
  assert.ok(recordings.counters.removed > 3);
  assert.ok(recordings.list()[0]!.began > studio.clock.wall() / 1000 - 8000, 'the newest are left');
  await recordings.end();
});
