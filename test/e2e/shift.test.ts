import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { temporaryFolder } from '../support/ffmpeg.ts';
import { isThere, type Media, mediaAt, publishForEver, variantOf } from '../support/hls.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { publisher } from '../support/publish.ts';
import { complaintsAbout, packetsIn, recordable } from '../support/recordings.ts';
import { type Overrides, spawnServer, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const options = needs('ffmpeg');
const { file: movie, tags } = await clip('movie');
/** How long the clip lasts, in milliseconds. */
const LOOP = 4000;
/** How far frames may be moved where the clip begins again, as its sound is longer than its picture; in seconds. */
const SEAM = 0.03;
/** Each has servers of its own, and waits for what comes at the speed of life. */
const AT_ONCE = 3;
/** Segments leave memory soon. */
const SHORT = { segment: '1s', window: 3 };

/** The options of a server that records what is published. */
async function recording(owner: Owner, rest: Overrides = {}): Promise<Overrides> {
  const record = { paths: ['live/*'], folder: await temporaryFolder(owner) };
  return { hls: SHORT, publish: { stopGrace: '0s', grace: '5s' }, ...rest, record };
}

async function publishPaced(owner: Owner, server: TestServer): Promise<{ paced: PacedPublisher; leave: () => void }> {
  const client = await publisher(owner, server, 'movie');
  const paced = new PacedPublisher(owner, client, tags, LOOP);
  await isThere(server, 'movie');
  const leave = () => {
    paced.stop();
    client.stop();
  };
  return { paced, leave };
}

/** The playlist from a moment on, as soon as it has so many whole segments. */
async function wholeOf(server: TestServer, from: string, segments: number): Promise<Media> {
  const url = await variantOf(server, `/live/movie.m3u8?from=${from}`);
  return until(
    `${segments} segments`,
    async () => {
      const media = await mediaAt(url);
      return media.segments.length >= segments ? media : undefined;
    },
    40_000,
  );
}

async function bytesAt(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return Buffer.from(await answer.arrayBuffer());
}

/** All that a playlist names, in one file. */
async function download(owner: Owner, { url, text, segments }: Media): Promise<string> {
  const init = new URL(/EXT-X-MAP:URI="([^"]+)"/.exec(text)![1]!, url).href;
  const file = join(await temporaryFolder(owner), 'played.mp4');
  const all: Buffer[] = [];
  for (const each of [init, ...segments]) all.push(await bytesAt(each));
  await writeFile(file, Buffer.concat(all));
  return file;
}

const nameOf = (uri: string) => uri.slice(uri.lastIndexOf('/') + 1);
const startOf = ({ text }: Media) => Number(/EXT-X-START:TIME-OFFSET=([\d.]+)/.exec(text)?.[1] ?? Number.NaN);

describe('from an earlier moment', { skip: options.skip ?? false, concurrency: AT_ONCE }, () => {
  test('a running stream is watched from its beginning, with every frame', options, async (t) => {
    const server = await startTestServer(t, await recording(t));
    const { paced } = await publishPaced(t, server);
    const live = await until('the first segment', async () => {
      const media = await mediaAt(await variantOf(server, '/live/movie.m3u8'));
      return media.segments.length > 0 ? media : undefined;
    });
    const first = live.segments[0]!;
    const fromMemory = await bytesAt(first);
    const whole = await wholeOf(server, 'start', 9);
    assert.equal(startOf(whole), 0);
    assert.ok(!(await mediaAt(live.url)).segments.includes(first), 'it is in memory no longer');
    const again = whole.segments.find((uri) => nameOf(uri) === nameOf(first))!;
    assert.ok((await bytesAt(again)).equals(fromMemory), 'under the same name are the same bytes');
    const file = await download(t, whole);
    const { packets, complaints } = await packetsIn(file);
    assert.equal(complaints + (await complaintsAbout(file)), '');
    for (const kind of ['video', 'audio'] as const) {
      const got = packets.filter((packet) => packet.codec_type === kind);
      const sent = recordable(paced.sent, kind).slice(0, got.length);
      const off = sent.filter(({ timestamp }, i) => Math.abs(Number(got[i]!.dts_time) - timestamp / 1000) > SEAM);
      assert.deepEqual([off.length, got.length > 200], [0, true], kind);
    }
  });

  test('a moment is where players begin, however late the playlist is asked for', options, async (t) => {
    const server = await startTestServer(t, await recording(t));
    await publishPaced(t, server);
    const whole = await wholeOf(server, 'start', 8);
    const began = Date.parse(/PROGRAM-DATE-TIME:(.+)/.exec(whole.text)![1]!);
    const moment = new Date(began + 2500).toISOString();
    for (const from of [moment, `-${(Date.now() - began - 2500) / 1000}s`]) {
      const url = await variantOf(server, `/live/movie.m3u8?from=${from}`);
      for (const at of [url, url]) assert.ok(Math.abs(startOf(await mediaAt(at)) - 2.5) < 0.5, from);
    }
    const reload = await mediaAt(`${whole.url}&_HLS_skip=YES`);
    assert.match(reload.text, /EXT-X-SKIP/);
    assert.doesNotMatch(reload.text, /EXT-X-START/);
  });

  test('when the stream ends, those who are behind watch it to its end', options, async (t) => {
    const server = await startTestServer(t, await recording(t));
    const { paced, leave } = await publishPaced(t, server);
    const whole = await wholeOf(server, 'start', 8);
    leave();
    const ended = await until('the end', async () => {
      const media = await mediaAt(whole.url);
      return media.text.includes('EXT-X-ENDLIST') ? media : undefined;
    });
    for (const uri of ended.segments) await bytesAt(uri);
    const { packets } = await packetsIn(await download(t, ended));
    const sent = recordable(paced.sent, 'video').length;
    assert.equal(packets.filter(({ codec_type: kind }) => kind === 'video').length, sent);
    assert.equal((await fetch(server.http('/live/movie.m3u8?from=start'))).status, 404, 'to others it has ended');
  });

  test('a server that was killed goes on with what it had recorded', options, async (t) => {
    const state = join(await temporaryFolder(t), 'state');
    const overrides = await recording(t, { relay: { listen: '127.0.0.1:0', media: 'off', state } });
    const killed = await spawnServer(t, overrides);
    const { paced } = await publishPaced(t, killed);
    const { segments } = await wholeOf(killed, 'start', 6);
    killed.program.kill('SIGKILL');
    paced.stop();
    await killed.program.ended();
    const server = await startTestServer(t, overrides);
    await publishPaced(t, server);
    const { url } = await wholeOf(server, 'start', 9);
    const { text, present, gaps } = await until('some of both', async () => {
      const { text, segments } = await mediaAt(url);
      const gaps = [...text.matchAll(/EXT-X-GAP\n#EXTINF:([\d.]+),\n(\S+)/g)].map(([, length, uri]) => ({
        length,
        uri,
      }));
      const present = segments.filter((uri) => !gaps.some((gap) => gap.uri === nameOf(uri)));
      return present.length >= 9 ? { text, present, gaps } : undefined;
    });
    assert.equal(nameOf(present[0]!), nameOf(segments[0]!), 'it begins where it began');
    const away = gaps.reduce((sum, { length }) => sum + Number(length), 0);
    assert.ok(away > 0.5 && away < 10, `${away} s without a server`);
    assert.match(text, /EXT-X-DISCONTINUITY\n/);
    for (const uri of present) await bytesAt(uri);
  });

  test('a node that records what it mirrors serves the same bytes', options, async (t) => {
    const origin = await startOrigin(t, { hls: SHORT });
    const recorder = await startTestServer(t, await edgeOf(t, [origin.url], await recording(t)));
    await publishForEver(t, origin.server, movie, 'movie');
    await isThere(recorder, 'movie');
    const here = await mediaAt(await variantOf(origin.server, '/live/movie.m3u8'));
    const kept = new Map<string, Buffer>();
    await until('some segments', async () => {
      const { segments } = await mediaAt(here.url);
      for (const uri of segments) if (!kept.has(nameOf(uri))) kept.set(nameOf(uri), await bytesAt(uri));
      return kept.size >= 8;
    });
    const whole = await wholeOf(recorder, 'start', 8);
    const shared = whole.segments.slice(0, -5).filter((uri) => kept.has(nameOf(uri)));
    assert.ok(shared.length >= 2, `${shared.length}`);
    for (const uri of shared) assert.ok((await bytesAt(uri)).equals(kept.get(nameOf(uri))!), uri);
  });

  test('what is not recorded begins with what is in memory, and nonsense is refused', options, async (t) => {
    const server = await startTestServer(t, { hls: SHORT });
    await publishForEver(t, server, movie, 'movie');
    const whole = await wholeOf(server, '-1h', 3);
    assert.ok(startOf(whole) === 0 && whole.segments.length <= 5);
    for (const [query, status] of [
      ['from=yesterday', 415],
      ['from=start&format=ts', 415],
    ] as const)
      assert.equal((await fetch(server.http(`/live/movie.m3u8?${query}`))).status, status, query);
    const closed = await startTestServer(t, { play: { shift: '0s' } });
    assert.equal((await fetch(closed.http('/live/movie.m3u8?from=start'))).status, 403);
  });
});
