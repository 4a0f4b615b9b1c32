import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { concat } from '../../src/base/bytes.ts';
import { Fmp4Muxer } from '../../src/container/fmp4/muxer.ts';
import { checkPlaylist } from '../../src/container/hls/check.ts';
import { mediaPlaylist, type Segment } from '../../src/container/hls/media-playlist.ts';
import { type TsCounters, TsMuxer } from '../../src/container/mpegts/muxer.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Kind } from '../../src/media/track.ts';
import { clip } from '../support/clips.ts';
import { make, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { remuxed } from '../support/remux.ts';
import { retimed, samplesOf, segmented, tracksOf } from '../support/samples.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';

const run = promisify(execFile);

/** What mediabunny does not look for in MPEG-TS. */
const UNKNOWN_TO_MEDIABUNNY = 'Opus';
/** The 33 bits of MPEG-TS, in microseconds. */
const TS_WRAP = (2 ** 33 * 100) / 9;
const PART = 333_000;
const GATHER = 100_000;

/** Of no rate that divides a millisecond. */
const MP3 = [
  '-f',
  'lavfi',
  '-i',
  'sine=sample_rate=22050:duration=3',
  '-c:a',
  'libmp3lame',
  '-b:a',
  '32k',
  '-f',
  'flv',
];

const movie = async () => samplesOf((await clip('movie')).tags);
const sources: Record<string, () => Promise<Sample[]>> = {
  'H.264 with B frames, and AAC': movie,
  'picture alone': async () => samplesOf((await clip('videoOnly')).tags),
  'sound alone': async () => samplesOf((await clip('audioOnly')).tags),
  'a frame rate that varies': async () => samplesOf((await clip('variableRate')).tags),
  'times that are no milliseconds': async () => retimed(await movie(), { stretch: 1001 / 1000 }),
  'times past 32 bits of microseconds': async () => retimed(await movie(), { later: 2 ** 32 - 2_000_000 }),
  HEVC: async () => samplesOf(await remuxed('hevc')),
  MP3: async () => samplesOf(await readTags(await make(MP3, 'flv'))),
  Opus: async () => samplesOf(await remuxed('opus')),
};
const fmp4Sources = { ...sources, 'AV1 and Opus': async () => samplesOf(await remuxed('av1')) };
const tsSources = {
  ...sources,
  'times past 33 bits of 90 kHz': async () => retimed(await movie(), { later: Math.round(TS_WRAP) - 2_000_000 }),
};

/** Each segment's fragments, cut into parts as low latency wants them. */
function fmp4Segments(samples: readonly Sample[]): { init: Uint8Array; segments: Uint8Array[] } {
  const muxer = new Fmp4Muxer(tracksOf(samples));
  let sequence = 0;
  const pieces = segmented(samples);
  const segments = pieces.map((frames, i) => {
    const fragments: Uint8Array[] = [];
    let part = frames[0].dts;
    for (const frame of frames) {
      muxer.write(frame);
      if (frame.dts < part + PART) continue;
      fragments.push(muxer.part(sequence++)?.bytes ?? new Uint8Array(0));
      part = frame.dts;
    }
    fragments.push(muxer.end(sequence++, pieces[i + 1]?.[0])?.bytes ?? new Uint8Array(0));
    return concat(fragments);
  });
  return { init: muxer.init, segments };
}

function tsSegments(samples: readonly Sample[]): Uint8Array[] {
  let counters: TsCounters | undefined;
  return segmented(samples).map((frames) => {
    const muxer = new TsMuxer({ tracks: tracksOf(samples), counters, gather: GATHER });
    muxer.tables();
    for (const frame of frames) muxer.write(frame);
    const bytes = muxer.take();
    counters = muxer.counters;
    return bytes;
  });
}

interface Packet {
  readonly codec_type: Kind;
  readonly pts_time: string;
  readonly dts_time: string;
  readonly flags: string;
  readonly data_hash: string;
}

/** The packets that ffprobe finds; fails if it has anything to complain about. */
async function packetsIn(file: string): Promise<Packet[]> {
  const entries = 'packet=codec_type,pts_time,dts_time,flags,data_hash';
  const args = ['-v', 'warning', '-show_packets', '-show_data_hash', 'md5', '-show_entries', entries, '-of', 'json'];
  const { stdout, stderr } = await run('ffprobe', [...args, file], { maxBuffer: 64 * 1024 * 1024 });
  assert.equal(stderr, '');
  return (JSON.parse(stdout) as { packets: Packet[] }).packets;
}

/** The hashes of all pictures and sounds that ffmpeg decodes; fails if it has anything to complain about. */
async function decoded(file: string): Promise<Record<Kind, string[]>> {
  const args = ['-v', 'warning', '-xerror', '-copyts', '-i', file, '-map', '0', '-fps_mode', 'passthrough'];
  const { stdout, stderr } = await run('ffmpeg', [...args, '-f', 'framemd5', '-'], { maxBuffer: 64 * 1024 * 1024 });
  assert.equal(stderr, '');
  const kinds = [...stdout.matchAll(/^#media_type \d: (video|audio)$/gm)].map((match) => match[1] as Kind);
  const hashes: Record<Kind, string[]> = { video: [], audio: [] };
  for (const line of stdout.split('\n').filter((line) => /^\d/.test(line))) {
    const columns = line.split(/,\s*/);
    hashes[kinds[Number(columns[0])]].push(columns[5]);
  }
  return hashes;
}

/** Fails unless the packets are these frames; `tolerance` of their times in microseconds, by kind; `wrap` where they begin anew. */
function assertFrames(
  packets: readonly Packet[],
  samples: readonly Sample[],
  tolerance: Record<Kind, number>,
  wrap = Number.POSITIVE_INFINITY,
): void {
  for (const kind of ['video', 'audio'] as const) {
    const got = packets.filter((packet) => packet.codec_type === kind);
    const wanted = samples.filter(({ track }) => track.kind === kind);
    assert.equal(got.length, wanted.length, `${kind} frames`);
    for (const [i, { pts, dts, keyframe }] of wanted.entries()) {
      const isNear = (time: string, exact: number) => apart(Number(time), exact, wrap) <= tolerance[kind];
      assert.ok(isNear(got[i].pts_time, pts), `${kind} ${i}: shown at ${got[i].pts_time}, not ${pts}`);
      assert.ok(isNear(got[i].dts_time, dts), `${kind} ${i}: at ${got[i].dts_time}, not ${dts}`);
      assert.equal(got[i].flags.startsWith('K'), keyframe, `${kind} ${i} is a key frame`);
    }
  }
}

/** How far a time in seconds is from one in microseconds, in microseconds. */
function apart(seconds: number, exact: number, wrap: number): number {
  const difference = Math.abs(seconds * 1_000_000 - exact) % wrap;
  return Math.min(difference, wrap - difference);
}

async function stored(t: Owner, name: string, ...bytes: readonly Uint8Array[]): Promise<string> {
  const file = join(await temporaryFolder(t), name);
  await writeFile(file, concat(bytes));
  return file;
}

describe('fMP4 has the frames that went in, for ffmpeg and for another reader:', () => {
  for (const [what, source] of Object.entries(fmp4Sources))
    test(what, needs('ffmpeg'), async (t) => {
      const samples = await source();
      const { init, segments } = fmp4Segments(samples);
      const file = await stored(t, 'stream.mp4', init, ...segments);
      const packets = await packetsIn(file);
      assertFrames(packets, samples, { video: 1, audio: 1 });
      for (const kind of ['video', 'audio'] as const) {
        const hashes = packets.filter((packet) => packet.codec_type === kind).map(({ data_hash }) => data_hash);
        const wanted = samples.filter(({ track }) => track.kind === kind).map(({ data }) => data);
        const md5 = (data: Uint8Array) => `MD5:${createHash('md5').update(data).digest('hex')}`;
        assert.deepEqual(hashes, wanted.map(md5), `the ${kind} data`);
      }
      await decoded(file);
      await readIndependently(await readFile(file), samples, true);
    });
});

describe('MPEG-TS has the frames that went in, for ffmpeg and for another reader:', () => {
  for (const [what, source] of Object.entries(tsSources))
    test(what, needs('ffmpeg'), async (t) => {
      const samples = await source();
      const file = await stored(t, 'stream.ts', ...tsSegments(samples));
      // A tick is 11 µs; of gathered sound only the first frame's time is told.
      assertFrames(await packetsIn(file), samples, { video: 6, audio: 1000 }, TS_WRAP);
      const { init, segments } = fmp4Segments(samples);
      const asMp4 = await decoded(await stored(t, 'stream.mp4', init, ...segments));
      const { video, audio } = await decoded(file);
      assert.deepEqual(video, asMp4.video);
      // Opus begins with samples to be skipped, of which only MP4 tells.
      assert.deepEqual(audio.slice(1), asMp4.audio.slice(1));
      if (what !== UNKNOWN_TO_MEDIABUNNY) await readIndependently(await readFile(file), samples, false);
    });
});

/** mediabunny, which shares nothing with ffmpeg, finds the same frames, and their data where those are `untouched`. */
async function readIndependently(bytes: Uint8Array, samples: readonly Sample[], untouched: boolean): Promise<void> {
  using input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS });
  for (const kind of ['video', 'audio'] as const) {
    const wanted = samples.filter(({ track }) => track.kind === kind);
    const track = kind === 'video' ? await input.getPrimaryVideoTrack() : await input.getPrimaryAudioTrack();
    assert.equal(track === null, wanted.length === 0);
    if (!track) continue;
    let count = 0;
    for await (const { timestamp, type, data } of new EncodedPacketSink(track).packets()) {
      const sample = wanted[count++];
      const distance = apart(timestamp, sample.pts, untouched ? Number.POSITIVE_INFINITY : TS_WRAP);
      assert.ok(distance <= (untouched ? 1 : 1000), `${kind} ${count}: ${timestamp}`);
      assert.equal(type, sample.keyframe ? 'key' : 'delta');
      if (untouched) assert.deepEqual(Buffer.from(data), Buffer.from(sample.data));
    }
    assert.equal(count, wanted.length);
  }
}

describe('ffmpeg plays a playlist of', () => {
  const formats = {
    fMP4: (samples: readonly Sample[]) => ({ ...fmp4Segments(samples), extension: 'm4s' }),
    'MPEG-TS': (samples: readonly Sample[]) => ({ init: undefined, segments: tsSegments(samples), extension: 'ts' }),
  };
  for (const [format, mux] of Object.entries(formats))
    test(format, needs('ffmpeg'), async (t) => {
      const samples = await movie();
      const { init, segments, extension } = mux(samples);
      const folder = await temporaryFolder(t);
      if (init) await writeFile(join(folder, 'init.mp4'), init);
      await Promise.all(segments.map((bytes, i) => writeFile(join(folder, `${i}.${extension}`), bytes)));
      const starts = segmented(samples).map(([first]) => first.dts);
      const listed = starts.map((start, i): Segment => {
        const uri = `${i}.${extension}`;
        const duration = (starts[i + 1] ?? samples.at(-1)!.dts) - start;
        const rest = { discontinuity: 0, parts: [], time: undefined, gap: false };
        return { ...rest, number: i, uri, duration, init: init && 'init.mp4' };
      });
      const text = mediaPlaylist({ segments: listed, targetDuration: 1_000_000, lowLatency: undefined, ended: true });
      assert.deepEqual(checkPlaylist(text), []);
      const playlist = join(folder, 'index.m3u8');
      await writeFile(playlist, text);
      const packets = await packetsIn(playlist);
      assert.equal(packets.length, samples.length);
    });
});
