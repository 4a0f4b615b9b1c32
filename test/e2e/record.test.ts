import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { type AmfObject, readAllAmf0 } from '../../src/container/flv/amf0.ts';
import { checkPlaylist } from '../../src/container/hls/check.ts';
import { clip } from '../support/clips.ts';
import { publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { isThere } from '../support/hls.ts';
import { edgeOf, spawnOrigin, startOrigin } from '../support/nodes.ts';
import {
  ask,
  complaintsAbout,
  finished,
  type Listed,
  listing,
  packetsIn,
  recordable,
  verifyBy,
} from '../support/recordings.ts';
import { type Overrides, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

/** Each has servers of its own, and waits for what comes at the speed of life. */
const AT_ONCE = 3;
/** The stream ends, and its recording with it, as soon as its publisher says so. */
const publish = { stopGrace: '0s', grace: '0s' };
const { file: movie, tags } = await clip('movie');

interface Recorder {
  readonly server: TestServer;
  readonly folder: string;
}

async function startRecorder(owner: Owner, record: Overrides = {}, rest: Overrides = {}): Promise<Recorder> {
  const folder = await temporaryFolder(owner);
  const server = await startTestServer(owner, { publish, ...rest, record: { paths: ['live/*'], folder, ...record } });
  return { server, folder };
}

async function recordMovie(owner: Owner, { server, folder }: Recorder): Promise<{ listed: Listed; file: string }> {
  await publishFile(owner, movie, server.rtmp('movie')).succeeded();
  const [listed] = await finished(server, 'live/movie');
  return { listed: listed!, file: join(folder, listed!.file) };
}

/** How far sound may be from its time, in seconds: MPEG-TS tells only that of the first of some frames. */
const FORMATS = { fmp4: 0.000_002, flv: 0.001_001, ts: 0.001_001 };

describe('recordings', { concurrency: AT_ONCE }, () => {
  for (const [format, tolerance] of Object.entries(FORMATS))
    test(`a recording in ${format} has every frame at its time, for all readers`, needs('ffmpeg'), async (t) => {
      const recorder = await startRecorder(t, { format });
      const { listed, file } = await recordMovie(t, recorder);
      const { packets, complaints } = await packetsIn(file);
      assert.equal(complaints, '');
      assert.equal(await complaintsAbout(file), '');
      using input = new Input({ source: new BufferSource(await readFile(file)), formats: ALL_FORMATS });
      for (const kind of ['video', 'audio'] as const) {
        const wanted = recordable(tags, kind);
        const got = packets.filter((packet) => packet.codec_type === kind);
        assert.equal(got.length, wanted.length, `${kind} frames`);
        assert.equal(listed[`${kind}_frames`], wanted.length);
        for (const [i, { timestamp, composition, keyframe }] of wanted.entries()) {
          const shown = (timestamp + composition) / 1000;
          assert.ok(Math.abs(Number(got[i]!.dts_time) - timestamp / 1000) <= tolerance, `${kind} ${i} at its time`);
          assert.ok(Math.abs(Number(got[i]!.pts_time) - shown) <= tolerance, `${kind} ${i} shown at its time`);
          assert.equal(got[i]!.flags.startsWith('K'), keyframe);
        }
        // mediabunny knows no FLV.
        if (format === 'flv') continue;
        const track = kind === 'video' ? await input.getPrimaryVideoTrack() : await input.getPrimaryAudioTrack();
        const times: number[] = [];
        for await (const { timestamp } of new EncodedPacketSink(track!).packets()) times.push(timestamp);
        assert.equal(times.length, wanted.length);
        for (const [i, { timestamp, composition }] of wanted.entries())
          assert.ok(Math.abs(times[i]! - (timestamp + composition) / 1000) <= tolerance, `${kind} ${i} for mediabunny`);
      }
      const { code, said } = await verifyBy(file);
      assert.equal(code, 0, said);
      assert.equal(listed.missing_frames, 0);
    });

  test('a finished FLV file has its duration and an index of its key frames', needs('ffmpeg'), async (t) => {
    const { file } = await recordMovie(t, await startRecorder(t, { format: 'flv' }));
    const [metadata, ...rest] = await readTags(file);
    const bytes = await readFile(file);
    assert.equal(bytes[4], 5, 'sound and picture');
    const { duration, filesize, keyframes } = readAllAmf0(metadata!.body)[1] as AmfObject;
    const last = Math.max(...rest.map(({ timestamp }) => timestamp));
    assert.ok(Math.abs(Number(duration) - last / 1000) < 0.05, `${duration}`);
    assert.equal(filesize, bytes.length);
    const { filepositions, times } = keyframes as unknown as { filepositions: number[]; times: number[] };
    assert.deepEqual(
      times,
      recordable(tags, 'video')
        .filter(({ keyframe }) => keyframe)
        .map(({ timestamp }) => timestamp / 1000),
    );
    for (const [i, position] of filepositions.entries()) {
      assert.equal(bytes[position], 9, 'a tag of video');
      assert.equal(bytes.readUIntBE(position + 4, 3), times[i]! * 1000);
      assert.equal(bytes[position + 11], 0x17, 'a key frame');
    }
  });

  test('a recording is downloaded whole, in parts, and cut at key frames', needs('ffmpeg'), async (t) => {
    const recorder = await startRecorder(t);
    const { server, folder } = recorder;
    const { listed, file } = await recordMovie(t, recorder);
    const bytes = await readFile(file);
    const whole = await ask(server, listed.url);
    assert.equal(whole.headers.get('content-type'), 'video/mp4');
    assert.ok(bytes.equals(Buffer.from(await whole.arrayBuffer())));
    const part = await ask(server, listed.url, { headers: { range: 'bytes=100-299' } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), `bytes 100-299/${bytes.length}`);
    assert.ok(bytes.subarray(100, 300).equals(Buffer.from(await part.arrayBuffer())));
    assert.equal((await ask(server, listed.url, { headers: { range: 'bytes=99999999-' } })).status, 416);
    const head = await ask(server, listed.url, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), String(bytes.length));

    const cut = join(folder, 'cut.mp4');
    const answer = await ask(server, `${listed.url}?from=1.2&to=2.5`);
    await writeFile(cut, Buffer.from(await answer.arrayBuffer()));
    const { packets, complaints } = await packetsIn(cut);
    assert.equal(complaints + (await complaintsAbout(cut)), '');
    const video = packets.filter(({ codec_type: kind }) => kind === 'video');
    assert.equal(video.length, 50, 'from the key frame at 1 s to that at 3 s');
    assert.ok(video[0]!.flags.startsWith('K'));
    assert.ok(Math.min(...packets.map(({ dts_time: time }) => Number(time))) === 0, 'times begin with 0');
    assert.equal((await ask(server, `${listed.url}?from=100`)).status, 404);
    assert.equal((await ask(server, `${listed.url}?from=x`)).status, 415);
    assert.equal((await ask(server, '/recordings/nothing')).status, 404);
  });

  test(
    'a recording is played by HLS, frame by frame, and while it is being made as well',
    needs('ffmpeg'),
    async (t) => {
      const recorder = await startRecorder(t);
      const { server } = recorder;
      const loop = publishFile(t, movie, server.rtmp('growing'), '-stream_loop', '-1');
      const { listed, file } = await recordMovie(t, recorder);
      const { packets } = await packetsIn(file);
      const played = await packetsIn(server.http(listed.playlist));
      assert.equal(played.complaints, '');
      const describe = ({ codec_type: kind, pts_time, flags }: (typeof packets)[number]) =>
        `${kind} ${pts_time} ${flags}`;
      assert.deepEqual(played.packets.map(describe).sort(), packets.map(describe).sort());
      const playlist = await (await ask(server, listed.playlist)).text();
      assert.deepEqual(checkPlaylist(playlist), [], playlist);
      const growing = await until('a section is over', async () => {
        const { recordings } = await listing(server, '?stream=live/growing');
        const text = await (await ask(server, recordings[0]!.playlist)).text();
        return text.includes('#EXTINF') ? text : undefined;
      });
      assert.deepEqual(checkPlaylist(growing), [], growing);
      assert.match(growing, /PLAYLIST-TYPE:EVENT/);
      loop.kill('SIGKILL');
    },
  );

  test(
    'recordings are the administrator’s, or theirs who may play the stream where that is configured',
    needs('ffmpeg'),
    async (t) => {
      const http = { listen: '0.0.0.0:0' };
      for (const [access, status] of [
        ['admin', 403],
        ['play', 200],
      ] as const) {
        const recorder = await startRecorder(
          t,
          { access },
          { http, access: { loopback: 'like-others', publishKey: 'k', adminToken: 'a-token-for-tests' } },
        );
        const { server } = recorder;
        await publishFile(t, movie, server.rtmp('movie?key=k')).succeeded();
        const [listed] = await finished(server, 'live/movie');
        const answer = await fetch(server.http(listed!.url));
        await answer.arrayBuffer();
        assert.equal(answer.status, status, access);
        assert.equal((await fetch(server.http('/recordings/unknown'))).status, 403, 'nobody is told what there is');
        assert.equal((await fetch(server.http(listed!.playlist))).status, status, access);
        assert.equal((await fetch(server.http('/api/v1/recordings'))).status, 401);
      }
    },
  );

  test('recording is begun and ended on demand', needs('ffmpeg'), async (t) => {
    const { server } = await startRecorder(t, { paths: [] });
    const publisher = publishFile(t, movie, server.rtmp('demand'), '-stream_loop', '-1');
    await server.logged('publish begins');
    const body = JSON.stringify({ stream: 'live/demand' });
    assert.deepEqual((await listing(server)).running, []);
    assert.equal((await ask(server, '/api/v1/recordings', { method: 'POST', body })).status, 200);
    await until('it is recorded', async () => ((await listing(server)).recordings[0]?.video_frames ?? 0) > 5);
    assert.deepEqual((await listing(server)).running, [{ stream: 'live/demand', trouble: '' }]);
    assert.equal((await ask(server, '/api/v1/recordings?stream=live/demand', { method: 'DELETE' })).status, 200);
    await finished(server, 'live/demand');
    assert.deepEqual((await listing(server)).running, []);
    assert.equal((await ask(server, '/api/v1/recordings?stream=live/demand', { method: 'DELETE' })).status, 404);
    assert.equal((await ask(server, '/api/v1/recordings', { method: 'POST', body: '{}' })).status, 400);
    assert.equal((await ask(server, '/api/v1/recordings', { method: 'POST', body: '{"stream":"../x"}' })).status, 400);
    assert.equal((await listing(server, '?to=1')).total, 0);
    assert.equal((await listing(server, '?stream=live/other')).total, 0);
    publisher.kill('SIGKILL');
  });

  test(
    'a recorder node fetches what it is told to record and records it, publisher after publisher',
    needs('ffmpeg'),
    async (t) => {
      const origin = await startOrigin(t, { publish });
      const folder = await temporaryFolder(t);
      const record = { paths: ['live/lesson'], folder };
      const recorder = await startTestServer(t, await edgeOf(t, [origin.url], { record, publish }));
      for (const count of [1, 2]) {
        const loop = publishFile(t, movie, origin.server.rtmp('lesson'));
        await until('the node records it', async () => (await listing(recorder)).running.length > 0);
        await loop.succeeded();
        const all = await finished(recorder, 'live/lesson', count);
        const { video_frames: frames, missing_frames: missing, file } = all[count - 1]!;
        assert.equal(missing, 0);
        assert.ok(frames > 25, `${frames} pictures`);
        const { code, said } = await verifyBy(join(folder, file));
        assert.equal(code, 0, said);
      }
    },
  );

  test('a recorder node records all that its origin publishes and its patterns name', needs('ffmpeg'), async (t) => {
    const origin = await startOrigin(t, { publish });
    const folder = await temporaryFolder(t);
    const record = { paths: ['live/lesson-*'], folder };
    const early = publishFile(t, movie, origin.server.rtmp('lesson-early'));
    await isThere(origin.server, 'lesson-early');
    const recorder = await startTestServer(t, await edgeOf(t, [origin.url], { record, publish }));
    const others = ['lesson-late', 'other'].map((name) => publishFile(t, movie, origin.server.rtmp(name)));
    for (const each of [early, ...others]) await each.succeeded();
    for (const stream of ['live/lesson-early', 'live/lesson-late']) {
      const [listed] = await finished(recorder, stream);
      assert.equal(listed!.missing_frames, 0);
      const { code, said } = await verifyBy(join(folder, listed!.file));
      assert.equal(code, 0, said);
    }
    const whole = (await finished(recorder, 'live/lesson-late'))[0]!;
    assert.equal(whole.video_frames, recordable(tags, 'video').length, 'from its first frame on');
    assert.equal((await listing(recorder)).total, 2, 'what no pattern names is not fetched');
  });

  test(
    'a recorder node goes on when its origin comes back, and with a stream of the same name',
    needs('ffmpeg'),
    async (t) => {
      const origin = await spawnOrigin(t, { publish });
      const folder = await temporaryFolder(t);
      const options = { record: { paths: ['**'], folder }, publish };
      const recorder = await startTestServer(t, await edgeOf(t, [origin.url], options));
      const first = publishFile(t, movie, origin.server.rtmp('lesson'), '-stream_loop', '-1');
      await until('it is recorded', async () => ((await listing(recorder)).recordings[0]?.video_frames ?? 0) > 20);
      origin.server.program.kill('SIGKILL');
      first.kill('SIGKILL');
      await origin.server.program.ended();
      await finished(recorder, 'live/lesson', 1);
      const again = await spawnOrigin(t, { publish }, origin);
      const second = publishFile(t, movie, again.server.rtmp('lesson'), '-stream_loop', '-1');
      await until(
        'it is recorded again',
        async () => ((await listing(recorder)).recordings[1]?.video_frames ?? 0) > 20,
      );
      second.kill('SIGKILL');
      const all = await finished(recorder, 'live/lesson', 2);
      assert.equal(all[1]!.missing_frames, 0);
    },
  );
});
