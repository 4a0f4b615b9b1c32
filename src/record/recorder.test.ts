import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxesIn, samplesIn } from '../../test/support/boxes.ts';
import { framesIn, optionsOf, PATH, Studio, VIDEO } from '../../test/support/recording.ts';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { proofOf } from './manifest.ts';

for (const [format, extension] of [
  ['fmp4', 'mp4'],
  ['flv', 'flv'],
  ['ts', 'ts'],
] as const) {
  test(`every frame is in a recording in ${format}, and its manifest proves every byte`, async () => {
    const studio = new Studio();
    const { done } = await studio.record({ format });
    await studio.send(4);
    const reason = await studio.end(done);
    assert.equal((reason as RefusedError).code, 'gone');
    const name = `movie.${extension}`;
    assert.deepEqual(studio.disk.names, [`/rec/${name}`, `/rec/${name}.manifest`]);
    const { fragments, end, header, gaps } = studio.manifest(name);
    assert.deepEqual(framesIn(studio.manifest(name)), studio.sent);
    assert.deepEqual([end?.video, end?.audio, end?.missing, gaps], [studio.sent.video, studio.sent.audio, 0, []]);
    assert.equal(header.stream, PATH);
    const bytes = studio.disk.files.get(`/rec/${name}`)!;
    const opening = end!.opening ?? header.opening;
    assert.deepEqual(proofOf(bytes.subarray(0, opening.size)), opening);
    let at = opening.size;
    for (const { at: from, size, hash } of fragments) {
      assert.deepEqual({ at: from, hash }, { at, hash: proofOf(bytes.subarray(at, at + size)).hash });
      at += size;
    }
    assert.equal(at, bytes.length);
  });
}

test('pieces are short, and each key frame begins one', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(4);
  await studio.end(done);
  const { fragments } = studio.manifest('movie.mp4');
  assert.deepEqual(
    fragments.filter(({ key }) => key).map(({ video }) => video!.first),
    [0, 1, 2, 3, 4].map((second) => second * SECOND),
  );
  for (const { video } of fragments) assert.ok(video!.last - video!.first <= 300 * MILLISECOND);
});

test('the times in the file are those of the stream', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(2);
  await studio.end(done);
  const { fragments } = studio.manifest('movie.mp4');
  const file = studio.disk.files.get('/rec/movie.mp4')!;
  const samples = fragments.flatMap(({ at, size }) => samplesIn(file.slice(at, at + size)).samples);
  const video = samples.filter(({ track }) => track === 1);
  assert.deepEqual(
    video.map(({ dts, pts }) => [dts, pts]),
    video.map((_, i) => [i * 40_000, (i + 1) * 40_000]),
  );
  assert.deepEqual(
    boxesIn(file.subarray(0, fragments[0]!.at)).map(({ type }) => type),
    ['ftyp', 'moov'],
  );
});

test('what a killed server leaves is at most half a second short of what came', async () => {
  const studio = new Studio();
  await studio.record();
  for (let i = 0; i < 20; i++) {
    await studio.send(0.12);
    const last = studio.manifest('movie.mp4').fragments.at(-1)?.video?.last ?? 0;
    assert.ok(studio.clock.now() - last < 500 * MILLISECOND, `${studio.clock.now()} - ${last}`);
  }
});

test('a recording is split where it is due, at key frames, and no frame is lost between the files', async () => {
  const studio = new Studio();
  const { done } = await studio.record({ split: { every: '1500ms' } });
  await studio.send(5);
  await studio.end(done);
  const manifests = ['movie.mp4', 'movie-2.mp4', 'movie-3.mp4'].map((name) => studio.manifest(name));
  assert.deepEqual(framesIn(...manifests), studio.sent);
  assert.deepEqual(
    manifests.map(({ fragments }) => fragments[0]!.video!.first),
    [0, 2 * SECOND, 4 * SECOND],
  );
  assert.ok(manifests.every(({ gaps, end }) => gaps.length === 0 && end!.missing === 0));
});

test('a publisher that breaks off and returns goes on in the same file, and the pause is listed', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(1);
  studio.publisher.close(false);
  await studio.wait(10 * MILLISECOND);
  assert.deepEqual(framesIn(studio.manifest('movie.mp4')), studio.sent, 'all is written while nobody publishes');
  await studio.wait(3 * SECOND);
  await studio.publish();
  await studio.send(1);
  await studio.end(done);
  const manifest = studio.manifest('movie.mp4');
  assert.deepEqual(studio.disk.names, ['/rec/movie.mp4', '/rec/movie.mp4.manifest']);
  assert.deepEqual(
    manifest.gaps.map(({ gap, frames }) => [gap, frames]),
    [['publisher', 0]],
  );
  assert.ok(manifest.gaps[0]!.to - manifest.gaps[0]!.from > 3 * SECOND);
});

test('another configuration of the decoder goes on in another file without a gap', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(1.96);
  studio.video = { ...VIDEO, config: Uint8Array.of(...VIDEO.config, 0) };
  await studio.send(1);
  await studio.end(done);
  assert.deepEqual(framesIn(studio.manifest('movie.mp4'), studio.manifest('movie-2.mp4')), studio.sent);
});

test('other codecs go on in another file', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(1.96);
  await studio.wait(100 * MILLISECOND);
  studio.video = { ...VIDEO, codec: 'h265', parameter: 'hvc1.1.6.L93.B0', config: hvcC() };
  await studio.send(1);
  await studio.end(done);
  const files = ['movie.mp4', 'movie-2.mp4'].map((name) => studio.manifest(name));
  assert.deepEqual(
    files.map(({ header }) => header.tracks[0]!.parameter),
    ['avc1.64001f', 'hvc1.1.6.L93.B0'],
  );
});

test('a disk that is too slow costs whole GOPs and no memory, and the hole is listed', async () => {
  const studio = new Studio();
  const { done } = await studio.record({ queue: '64KiB' });
  await studio.send(1);
  studio.disk.hang();
  await studio.send(6);
  assert.deepEqual(studio.told.slice(1), ['the disk is too slow']);
  studio.disk.release();
  await studio.send(4);
  await studio.end(done);
  const manifest = studio.manifest('movie.mp4');
  assert.equal(manifest.gaps.length, 1);
  const [gap] = manifest.gaps;
  assert.equal(gap!.gap, 'slow');
  const kept = framesIn(manifest);
  assert.equal(
    kept.video + kept.audio + gap!.frames,
    studio.sent.video + studio.sent.audio,
    'every frame is accounted for',
  );
  const next = manifest.fragments.find(({ video }) => video!.first >= gap!.to);
  assert.ok(next!.key, 'it goes on with a key frame');
  assert.deepEqual(studio.told.slice(2), ['fine', `finished /rec/movie.mp4 without ${gap!.frames}`]);
  assert.equal(studio.missed, gap!.frames);
});

test('a disk that does not answer is told within five seconds, and nothing is lost when it does again', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(1);
  studio.disk.hang();
  await studio.send(5);
  assert.deepEqual(studio.told.slice(1), ['the disk does not answer']);
  studio.disk.release();
  await studio.send(3);
  await studio.end(done);
  assert.deepEqual(studio.told.slice(2), ['fine', 'finished /rec/movie.mp4']);
  assert.deepEqual(framesIn(studio.manifest('movie.mp4')), studio.sent);
});

test('a disk that is full is told at once, and recording goes on in a new file when there is room', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(2);
  studio.disk.room = 3000;
  await studio.send(5);
  assert.deepEqual(studio.told.slice(1), ['left /rec/movie.mp4', 'ENOSPC: the disk says no']);
  assert.deepEqual(studio.disk.names, ['/rec/movie.mp4.manifest', '/rec/movie.mp4.part'], 'no try leaves anything');
  studio.disk.room = Number.POSITIVE_INFINITY;
  await studio.send(5);
  await studio.end(done);
  const [first, second] = [studio.manifest('movie.mp4'), studio.manifest('movie-2.mp4')];
  assert.deepEqual(studio.told.slice(3), [
    'opened /rec/movie-2.mp4',
    'fine',
    `finished /rec/movie-2.mp4 without ${second.gaps[0]!.frames}`,
  ]);
  assert.deepEqual(
    second.gaps.map(({ gap }) => gap),
    ['disk'],
  );
  const kept = framesIn(first, second);
  assert.equal(kept.video + kept.audio + second.gaps[0]!.frames, studio.sent.video + studio.sent.audio);
  assert.ok(second.fragments[0]!.key);
});

test('a folder that is gone is told, and recording goes on when it is back', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(1);
  studio.disk.refuse = (call) => (call === 'append' || call === 'create' ? 'ENOENT' : undefined);
  await studio.send(3);
  assert.match(studio.told.at(-1)!, /ENOENT/);
  studio.disk.refuse = () => undefined;
  await studio.send(5);
  await studio.end(done);
  assert.match(studio.told.at(-1)!, /^finished \/rec\/movie-2\.mp4 without/);
});

test('a file that cannot be finished is left for later, and the next one is whole', async () => {
  const studio = new Studio();
  const { done } = await studio.record({ split: { every: '1s' } });
  studio.disk.refuse = (call) => (call === 'rename' ? 'EIO' : undefined);
  await studio.send(2);
  studio.disk.refuse = () => undefined;
  await studio.send(4);
  await studio.end(done);
  assert.ok(
    studio.told.some((line) => line === 'left /rec/movie.mp4'),
    String(studio.told),
  );
  assert.ok(studio.told.some((line) => line.startsWith('finished ')));
});

test('with less free space than is to stay free the file is finished, and another begun when there is more', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(2);
  studio.isShort = true;
  await studio.send(2);
  assert.deepEqual(studio.told.slice(1), [
    'the disk has less free space than record.keep.free',
    'finished /rec/movie.mp4',
  ]);
  studio.isShort = false;
  await studio.send(2);
  await studio.end(done);
  assert.deepEqual(
    studio.manifest('movie-2.mp4').gaps.map(({ gap }) => gap),
    ['space'],
  );
});

test('frames that the window took away are listed as missing', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(1);
  // All at once: the process stood still for longer than the window lasts.
  const window = 33 * 1024 * 1024;
  studio.publisher.write({
    track: VIDEO,
    dts: SECOND + 40_000,
    pts: SECOND + 40_000,
    keyframe: true,
    data: new Uint8Array(window),
  });
  await studio.send(2);
  await studio.end(done);
  const { gaps } = studio.manifest('movie.mp4');
  assert.equal(gaps[0]?.gap, 'missed');
  assert.ok(gaps[0]!.frames > 0);
});

test('a codec that the format cannot carry ends the recording with that reason', async () => {
  const studio = new Studio();
  studio.video = { ...VIDEO, codec: 'vp8', parameter: 'vp8', config: new Uint8Array(0) };
  const { done } = await studio.record();
  const error = await done;
  assert.ok(error instanceof RefusedError);
  assert.equal(error.code, 'unsupported');
  assert.deepEqual(studio.disk.names, []);
});

test('one that is told to stop finishes its file', async () => {
  const studio = new Studio();
  const { done } = await studio.record();
  await studio.send(1);
  studio.abort(new RefusedError('kicked', 'enough'));
  await studio.wait(10 * MILLISECOND);
  assert.equal(((await done) as RefusedError).code, 'kicked');
  assert.deepEqual(framesIn(studio.manifest('movie.mp4')), studio.sent);
  assert.deepEqual(studio.told.at(-1), 'finished /rec/movie.mp4');
});

test('the defaults record nothing', () => assert.deepEqual(optionsOf().paths, []));

/** As short as an hvcC can be: no parameter sets. */
function hvcC(): Uint8Array {
  const config = new Uint8Array(23);
  config.set([1, 1]);
  return config;
}
