import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkPlaylist } from '../../src/container/hls/check.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type Clip, clip } from '../support/clips.ts';
import { playToFile, probe, publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { assertMonotonic, content, framesOf } from '../support/frames.ts';
import { isThere, type Media, mediaAt, publishForEver, variantOf } from '../support/hls.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { publisher } from '../support/publish.ts';
import { type RemuxedName, remuxed } from '../support/remux.ts';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../support/server.ts';
import { openTcpPath } from '../support/tcp-path.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';

const options = needs('ffmpeg');
/** So that there are more segments in less time. */
const SHORT = { hls: { segment: '1s' } };

/** Each has servers of its own, and waits for what comes at the speed of life. */
const AT_ONCE = 4;

/** What ffprobe finds. */
interface Probed {
  readonly streams: readonly {
    readonly codec_name: string;
    readonly codec_type: 'video' | 'audio';
    readonly nb_read_packets: string;
  }[];
}

/** Where a part is, as directives of a request. */
function directives(uri: string): string {
  const [, segment, part] = /(\d+)\.(\d+)\.m4s$/.exec(uri)!;
  return `_HLS_msn=${segment}&_HLS_part=${part}`;
}

describe('HLS', { skip: options.skip ?? false, concurrency: AT_ONCE }, () => {
  let movie: Clip;
  before(async () => {
    movie = await clip('movie');
  });

  for (const format of ['fmp4', 'ts'] as const) {
    test(`ffmpeg plays ${format} from the first frame to the last, each at its time`, options, async (t) => {
      const server = await startTestServer(t, { publish: { stopGrace: '1s' } });
      const flv = `${await temporaryFolder(t)}/played.flv`;
      publishFile(t, movie.file, server.rtmp('movie'));
      await isThere(server, 'movie');
      const url = server.http(`/live/movie.m3u8?format=${format}`);
      const player = playToFile(t, url, flv, '-live_start_index', '0');
      assert.deepEqual(await player.ended(), { code: 0, signal: null }, player.stderr);
      assert.equal(player.stderr, '');
      const played = await readTags(flv);
      assertMonotonic(played);
      for (const kind of ['video', 'audio'] as const) {
        const [got, sent] = [framesOf(played, kind), framesOf(movie.tags, kind)];
        // Sound that shares a header in MPEG-TS has one time; the rest is counted by the player.
        const tolerance = format === 'ts' && kind === 'audio' ? 1 : 0;
        const off = sent.filter(({ timestamp }, i) => !(Math.abs(got[i]!.timestamp - timestamp) <= tolerance));
        assert.deepEqual([got.length, off.length], [sent.length, 0], kind);
        // MPEG-TS repeats the parameter sets in every key frame.
        if (kind === 'audio' || format === 'fmp4') assert.deepEqual(got.map(content), sent.map(content));
      }
    });
  }

  const codecs: [clip: RemuxedName, format: string, codecs: string[]][] = [
    ['hevc', 'fmp4', ['hevc', 'aac']],
    ['hevc', 'ts', ['hevc', 'aac']],
    ['av1', 'fmp4', ['av1', 'opus']],
    ['opus', 'fmp4', ['opus']],
    ['opus', 'ts', ['opus']],
  ];
  for (const [name, format, expected] of codecs) {
    test(`${name} comes in ${format} with every frame`, options, async (t) => {
      const tags = await remuxed(name);
      const server = await startTestServer(t, { hls: { segment: '1s' }, publish: { stopGrace: '1s' } });
      const client = await publisher(t, server, name);
      client.send(...tags);
      await isThere(server, name);
      const url = await variantOf(server, `/live/${name}.m3u8?format=${format}`);
      client.stop();
      await until('it has ended', async () => (await (await fetch(url)).text()).endsWith('#EXT-X-ENDLIST\n'));
      const { streams } = await probe<Probed>(url, '-count_packets', '-show_streams');
      assert.deepEqual(
        streams.map(({ codec_name }) => codec_name),
        expected,
      );
      for (const { codec_type, nb_read_packets } of streams)
        assert.equal(Number(nb_read_packets), framesOf(tags, codec_type).length, codec_type);
    });
  }

  test(
    'a player with low latency gets each part as soon as it is there, by playlist and by hint',
    options,
    async (t) => {
      const server = await startTestServer(t);
      await publishForEver(t, server, movie.file, 'movie');
      let media = await mediaAt(await variantOf(server, '/live/movie.m3u8'));
      for (let i = 0; i < 12; i++) {
        const { hint } = media;
        const part = fetch(hint).then(async (answer) => ({ status: answer.status, body: await answer.bytes() }));
        media = await mediaAt(`${media.url.split('?')[0]}?${directives(hint)}`);
        assert.ok(media.parts.includes(hint), media.text);
        const { status, body } = await part;
        assert.deepEqual([status, Buffer.from(body.subarray(4, 8)).toString()], [200, 'moof']);
      }
      const [segment] = media.segments.slice(-1);
      const number = /(\d+)\.m4s$/.exec(segment!)![1]!;
      const parts = media.parts.filter((uri) => uri.includes(`/${number}.`));
      const pieces = await Promise.all(parts.map(async (uri) => Buffer.from(await (await fetch(uri)).bytes())));
      const whole = Buffer.from(await (await fetch(segment!)).bytes());
      assert.ok(parts.length >= 9 && whole.equals(Buffer.concat(pieces)));
    },
  );

  test('answers are as HTTP wants them', options, async (t) => {
    const server = await startTestServer(t);
    await publishForEver(t, server, movie.file, 'movie');
    const media = await mediaAt(await variantOf(server, '/live/movie.m3u8'));
    const [segment, part] = [media.segments[0]!, media.parts[0]!];
    const whole = Buffer.from(await (await fetch(segment)).bytes());
    const head = await fetch(segment, { method: 'HEAD' });
    assert.deepEqual(fields(head, 'content-length', 'content-type', 'cache-control', 'access-control-allow-origin'), [
      String(whole.length),
      'video/mp4',
      'public, max-age=31536000, immutable',
      '*',
    ]);
    for (const [range, from, to] of [
      ['bytes=0-99', 0, 100],
      ['bytes=12000-', 12_000, whole.length],
      ['bytes=-50', whole.length - 50, whole.length],
      ['bytes=5-999999999', 5, whole.length],
    ] as const) {
      const answer = await fetch(segment, { headers: { range } });
      assert.deepEqual(
        [answer.status, ...fields(answer, 'content-range')],
        [206, `bytes ${from}-${to - 1}/${whole.length}`],
      );
      assert.ok(Buffer.from(await answer.bytes()).equals(whole.subarray(from, to)), range);
    }
    assert.equal((await fetch(segment, { headers: { range: `bytes=${whole.length}-` } })).status, 416);
    assert.equal((await fetch(segment, { headers: { range: 'bytes=0-1,5-6' } })).status, 200);
    const playlist = await fetch(media.url, { headers: { 'accept-encoding': 'identity' } });
    assert.deepEqual(fields(playlist, 'content-encoding', 'cache-control', 'content-type'), [
      null,
      'no-cache',
      'application/vnd.apple.mpegurl',
    ]);
    assert.deepEqual(fields(await fetch(media.url), 'content-encoding', 'vary'), ['gzip', 'accept-encoding']);
    const preflight = await fetch(part, { method: 'OPTIONS' });
    assert.deepEqual([preflight.status, ...fields(preflight, 'access-control-allow-headers')], [204, 'range']);
  });

  test('it goes over HTTP/2 as well', options, async (t) => {
    const tls = { certificates: [await makeCertificate(t)] };
    const server = await startTestServer(t, { tls, http: { listenTls: '127.0.0.1:0' } });
    await publishForEver(t, server, movie.file, 'movie');
    const client = connect(`https://127.0.0.1:${server.ports['https']}`, { rejectUnauthorized: false });
    t.after(() => client.close());
    const get = async (path: string): Promise<[status: number | undefined, body: Buffer]> => {
      const stream = client.request({ ':path': path });
      const [[headers], body] = await Promise.all([once(stream, 'response'), buffer(stream)]);
      return [(headers as IncomingHttpHeaders & IncomingHttpStatusHeader)[':status'], body];
    };
    const master = (await get('/live/movie.m3u8'))[1].toString();
    const uri = `/live/${master.trimEnd().split('\n').at(-1)}`;
    const playlist = (await get(uri))[1].toString();
    assert.deepEqual(checkPlaylist(playlist), []);
    const [segment] = /^\d+\.m4s$/m.exec(playlist)!;
    const [status, body] = await get(uri.replace('media.m3u8', segment));
    assert.deepEqual([status, body.toString('latin1', 4, 8)], [200, 'moof']);
  });

  test('what is not there, or makes no sense, is said so', options, async (t) => {
    const server = await startTestServer(t);
    await publishForEver(t, server, movie.file, 'movie');
    const { url, segments, hint } = await mediaAt(await variantOf(server, '/live/movie.m3u8'));
    const [, number] = /(\d+)\.m4s$/.exec(segments[0]!)!;
    const ahead = Number(number) + 100;
    const at = (file: string) => new URL(file, url).href;
    const table: [url: string, status: number][] = [
      [server.http('/live/nothing.m3u8'), 404],
      [server.http('/live/movie.m3u8?format=mkv'), 415],
      [`${url}?_HLS_msn=${ahead}`, 400],
      [`${url}?_HLS_part=1`, 400],
      [`${url}?_HLS_msn=x`, 400],
      [at(`${ahead}.m4s`), 404],
      [at(`${number}.99.m4s`), 404],
      [at('1.ts'), 404],
      [at('init-0123456789abcdef.mp4'), 404],
      [at('index.html'), 404],
      [hint.replace(/hls-[\w-]{22}/, `hls-${'A'.repeat(22)}`), 404],
    ];
    for (const [each, status] of table) {
      const answer = await fetch(each);
      assert.equal(answer.status, status, `${each}: ${await answer.text()}`);
    }
  });

  test('a viewer is one session for all its requests, until it is sent away', options, async (t) => {
    const server = await startTestServer(t);
    await publishForEver(t, server, movie.file, 'movie');
    const media = await mediaAt(await variantOf(server, '/live/movie.m3u8'));
    const body = await (await fetch(media.segments[0]!)).bytes();
    const clients = await api(server, '/api/v1/clients');
    const viewers = clients.filter(({ type }) => type === 'hls-play');
    assert.equal(viewers.length, 1);
    assert.ok(viewers[0]!.send_bytes >= body.length);
    await fetch(server.http(`/api/v1/clients/${viewers[0]!.id}`), { method: 'DELETE', headers: AUTHORIZED });
    await server.logged('play ends', { protocol: 'hls', code: 'kicked' });
    for (const url of [media.url, media.segments[0]!, media.hint]) assert.equal((await fetch(url)).status, 403, url);
    // The same folder under a token that nobody was given is a viewer like any other: another node may have given it.
    const elsewhere = await mediaAt(media.url.replace(/hls-[\w-]{22}/, `hls-${'B'.repeat(22)}`));
    assert.equal((await fetch(elsewhere.segments[0]!)).status, 200);
  });

  test('renditions of a stream are offered together', options, async (t) => {
    const server = await startTestServer(t);
    const larger = await clip('larger');
    await publishForEver(t, server, movie.file, 'movie_180');
    await publishForEver(t, server, larger.file, 'movie_360');
    const text = await (await fetch(server.http('/live/movie.m3u8'))).text();
    assert.deepEqual(checkPlaylist(text), [], text);
    assert.deepEqual(
      Array.from(text.matchAll(/RESOLUTION=(\w+)/g), ([, size]) => size),
      ['640x360', '320x180'],
    );
    const uris = text.split('\n').filter((line) => line.endsWith('.m3u8'));
    const medias = [];
    for (const uri of uris) medias.push(await mediaAt(new URL(uri, server.http('/live/')).href));
    const reported = medias.map(({ url, text }) => new URL(/RENDITION-REPORT:URI="([^"]+)"/.exec(text)![1]!, url).href);
    assert.deepEqual(reported, [medias[1]!.url, medias[0]!.url]);
  });

  test('an edge offers the renditions that its origin has', options, async (t) => {
    const origin = await startOrigin(t, SHORT);
    const edge = await startTestServer(t, await edgeOf(t, [origin.url], SHORT));
    await publishForEver(t, origin.server, movie.file, 'movie_180');
    await publishForEver(t, origin.server, (await clip('larger')).file, 'movie_360');
    const answer = await fetch(edge.http('/live/movie.m3u8'));
    const text = await answer.text();
    assert.deepEqual([answer.status, checkPlaylist(text)], [200, []], text);
    assert.deepEqual(
      Array.from(text.matchAll(/RESOLUTION=(\w+)/g), ([, size]) => size),
      ['640x360', '320x180'],
    );
    for (const uri of text.split('\n').filter((line) => line.endsWith('.m3u8')))
      assert.ok((await mediaAt(new URL(uri, edge.http('/live/')).href)).segments.length > 0);
  });

  test('origin and edge serve the same bytes under the same names', options, async (t) => {
    const origin = await startOrigin(t);
    const edge = await startTestServer(t, await edgeOf(t, [origin.url]));
    await publishForEver(t, origin.server, movie.file, 'movie');
    const [here, there] = await Promise.all(
      [origin.server, edge].map((server) => variantOf(server, '/live/movie.m3u8')),
    );
    await sleep(6000);
    const [ours, theirs] = [await mediaAt(here!), await mediaAt(there!)];
    const names = ({ segments, parts }: Media) =>
      [...segments, ...parts].map((uri) => uri.slice(uri.lastIndexOf('/') + 1));
    const shared = names(ours).filter((name) => names(theirs).includes(name));
    assert.ok(shared.length >= 20, `${shared.length}`);
    shared.push(/init-\w+\.mp4/.exec(ours.text)![0]);
    assert.ok(theirs.text.includes(shared.at(-1)!));
    for (const name of shared) await assertSame(name, here!, there!);
  });

  test('a player that comes to another node finds its segments there', options, async (t) => {
    const origin = await startOrigin(t, SHORT);
    await publishForEver(t, origin.server, movie.file, 'movie');
    const here = await variantOf(origin.server, '/live/movie.m3u8');
    await until('some segments are there', async () => (await mediaAt(here)).segments.length >= 5);
    const edge = await startTestServer(t, await edgeOf(t, [origin.url], SHORT));
    const there = new URL(new URL(here).pathname, edge.http('/')).href;
    const [ours, theirs] = [await mediaAt(here), await mediaAt(there)];
    assert.deepEqual(whole(theirs), whole(ours));
    for (const name of new Set(
      [
        ...whole(ours)
          .join('\n')
          .matchAll(/[\w-]+\.(?:m4s|mp4)/g),
      ].map(([match]) => match),
    ))
      await assertSame(name, here, there);
    // It goes on with what it makes itself, without a gap.
    const last = newestOf(theirs);
    await until('it goes on', async () => newestOf(await mediaAt(there)) >= last + 3);
    const [later, elsewhere] = [await mediaAt(here), await mediaAt(there)];
    assert.doesNotMatch(elsewhere.text, /GAP/);
    const shared = whole(elsewhere).filter((line) => /^\d+\.m4s$/.test(line) && later.text.includes(line));
    assert.ok(shared.length >= 5);
    for (const name of shared) await assertSame(name, here, there);
  });

  test('what a node misses while its link is cut, it has as soon as it is back', options, async (t) => {
    const origin = await startOrigin(t, SHORT);
    const path = await openTcpPath(t, origin.server.ports['headwater']!);
    const url = origin.url.replace(/:\d+/, `:${path.port}`);
    const edge = await startTestServer(t, await edgeOf(t, [url], { ...SHORT, relay: { media: false } }));
    await publishForEver(t, origin.server, movie.file, 'movie');
    const [here, there] = await Promise.all(
      [origin.server, edge].map((server) => variantOf(server, '/live/movie.m3u8')),
    );
    await until('some segments are there', async () => (await mediaAt(there!)).segments.length >= 2);
    const before = await mediaAt(there!);
    path.cut();
    await edge.logged('an origin is lost');
    await sleep(1000);
    path.mend();
    const missed = newestOf(before) + 2;
    await until('it goes on', async () => newestOf(await mediaAt(there!)) >= missed + 2);
    const [ours, theirs] = [await mediaAt(here!), await mediaAt(there!)];
    assert.doesNotMatch(theirs.text, /GAP/);
    assert.ok(
      theirs.segments.some((uri) => uri.endsWith(`/${missed}.m4s`)),
      theirs.text,
    );
    const shared = whole(theirs).filter((line) => /^\d+\.m4s$/.test(line) && ours.text.includes(line));
    assert.ok(shared.length >= 4);
    for (const name of shared) await assertSame(name, here!, there!);
  });

  test('segments on disk are played by whoever serves them, and go on after a restart', options, async (t) => {
    const folder = `${await temporaryFolder(t)}/www`;
    const overrides = { hls: { segment: '1s', disk: { folder } } };
    const before = await startOrigin(t, overrides);
    const first = publishFile(t, movie.file, before.server.rtmp('movie'), '-stream_loop', '-1');
    const written = async () => readFile(`${folder}/live/movie/media.m3u8`, 'utf8').catch(() => '');
    const numbers = async () =>
      Array.from((await written()).matchAll(/^(\d+)\.m4s$/gm), ([, number]) => Number(number));
    await until('some segments are there', async () => (await numbers()).length >= 4);
    await before.server.stop();
    first.kill('SIGKILL');
    const left = await numbers();
    assert.deepEqual(checkPlaylist(await written()), []);
    assert.doesNotMatch(await written(), /ENDLIST/);
    const { server } = await startOrigin(t, overrides, before);
    publishFile(t, movie.file, server.rtmp('movie'), '-stream_loop', '-1');
    await until('it goes on', async () => (await numbers()).at(-1)! >= left.at(-1)! + 2);
    assert.deepEqual(checkPlaylist(await written()), []);
    const all = await numbers();
    assert.deepEqual(
      all,
      Array.from(all, (_, i) => all[0]! + i),
    );
    assert.match(await written(), new RegExp(`#EXT-X-DISCONTINUITY\n[^]*\n${left.at(-1)! + 1}.m4s`));
    const flv = `${await temporaryFolder(t)}/played.flv`;
    const player = playToFile(t, `${folder}/live/movie.m3u8`, flv, '-live_start_index', '-1', '-t', '2');
    await player.ended();
    assert.ok(framesOf(await readTags(flv), 'video').length >= 25, player.stderr);
  });
});

/** What a playlist says of whole segments: their names, lengths and dates, init segments and discontinuities. */
function whole({ text }: Media): string[] {
  const lines = text.split('\n').filter((line) => /^(?:\d|#EXTINF|#EXT-X-(?:MEDIA|DISC|MAP|PROGRAM|GAP))/.test(line));
  return lines.slice(0, lines.findLastIndex((line) => line.endsWith('.m4s')) + 1);
}

/** The number of the newest whole segment. */
function newestOf({ segments }: Media): number {
  return Number(/(\d+)\.m4s$/.exec(segments.at(-1)!)![1]);
}

async function assertSame(name: string, ...playlists: string[]): Promise<void> {
  const [a, b] = await Promise.all(playlists.map(async (url) => (await fetch(new URL(name, url))).bytes()));
  assert.ok(a!.length > 500 && Buffer.from(a!).equals(Buffer.from(b!)), name);
}

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };

interface Client {
  readonly id: string;
  readonly type: string;
  readonly send_bytes: number;
}

async function api(server: TestServer, path: string): Promise<Client[]> {
  const answer = await fetch(server.http(path), { headers: AUTHORIZED });
  return ((await answer.json()) as { clients: Client[] }).clients;
}

function fields({ headers }: Response, ...names: string[]): (string | null)[] {
  return names.map((name) => headers.get(name));
}
