import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacTrack } from '../../src/codec/aac/config.ts';
import { h264Track } from '../../src/codec/h264/config.ts';
import { TsMuxer } from '../../src/container/mpegts/muxer.ts';
import { AUDIO, LOOP, prepareClip, readStamp, stamp, VIDEO } from '../clip.ts';
import { installed } from '../process.ts';
import type { Tag } from '../viewers/flv.ts';
import { linkClip } from './clip.ts';
import { cross } from './crossing.ts';
import { judge, judgeLegacy, judgeNarrow, ORIGINAL_LAGS } from './goals.ts';
import { type Content, type MediaKind, meterOf } from './meter.ts';
import { findTunnel } from './path.ts';
import { readLinkSettings } from './settings.ts';
import { Tally } from './tally.ts';
import { TRANSPORTS } from './transports.ts';
import { TsReader } from './ts-reader.ts';

const skip = ['ffmpeg', 'taskset', 'sh'].every(installed) ? false : 'needs ffmpeg and taskset';
const tunnel = skip ? undefined : await findTunnel('0');
const onOneCore = ['--server-cores', '0', '--load-cores', '0'];

test('a stream crosses a path that loses one packet in twenty, and no picture is broken', {
  skip,
  timeout: 60_000,
}, async () => {
  const settings = readLinkSettings(['--loss', '5', '--seconds', '3', '--rtt', '40', ...onOneCore]);
  const figures = await cross(TRANSPORTS.headwater, settings, undefined);
  assert.ok(figures['frames']! > 100 && figures['p50 ms']! > 0, JSON.stringify(figures));
  assert.ok(figures['path loss %']! > 1 && figures['path loss %']! < 15, JSON.stringify(figures));
  assert.deepEqual({ faulty: figures['faulty'], lost: figures['lost'] }, { faulty: 0, lost: 0 });
});

const needsTunnel = tunnel === undefined && 'needs gcc, nsenter and the right to make network namespaces';
test('a path between namespaces takes TCP, too', { skip: skip || needsTunnel, timeout: 60_000 }, async () => {
  const settings = readLinkSettings(['--loss', '0', '--seconds', '2', '--rtt', '40', '--jitter', '0', ...onOneCore]);
  const figures = await cross(TRANSPORTS.rtmp, settings, tunnel);
  const { missing, faulty, lost } = figures;
  assert.deepEqual({ missing, faulty, lost }, { missing: 0, faulty: 0, lost: 0 });
  assert.ok(figures['packets']! > 100 && figures['max ms']! > 0, JSON.stringify(figures));
});

test('a narrow path is shared with TCP, and what is sent again can be kept from it', {
  skip: skip || needsTunnel,
  timeout: 60_000,
}, async () => {
  const narrow = ['--loss', '1', '--seconds', '3', '--rtt', '20', '--jitter', '0', '--limit', '6', '--queue', '200'];
  const settings = readLinkSettings([...narrow, '--rate', '2', '--beside', 'tcp', ...onOneCore]);
  const figures = await cross(TRANSPORTS.headwater, { ...settings, withoutRepairs: true }, tunnel);
  assert.ok(figures['TCP Mbit/s']! > 0.1 && figures['TCP Mbit/s']! < 6, JSON.stringify(figures));
  assert.ok(figures['residual packets']! > 0, JSON.stringify(figures));
});

test('what is said to repair media can be spared', { skip: skip || needsTunnel, timeout: 60_000 }, async () => {
  // Nothing could be said by QUIC, and no picture would come.
  const lossy = ['--loss', '90', '--rtt', '20', '--jitter', '0', '--rate', '0.5', '--seconds', '2'];
  const figures = await cross(TRANSPORTS.legacy, readLinkSettings([...lossy, '--spare-repairs', ...onOneCore]), tunnel);
  assert.ok(figures['path loss %']! > 50 && figures['frames']! > 0, JSON.stringify(figures));
});

/** An IPv4 packet of which only what is looked at is filled in. */
function packet(protocol: number, payload: number[]): Uint8Array {
  const header = new Uint8Array(20);
  [header[0], header[9]] = [0x45, protocol];
  return Uint8Array.from([...header, ...payload]);
}

const udp = (...payload: number[]) => packet(17, [...new Array(8).fill(0), ...payload]);
const rtp = (sequence: number) => udp(0x80, 96, sequence >> 8, sequence & 255, 0, 0, 0, 0, 0, 0, 0, 7);
const srt = (first: number, flags: number) => udp(first, 0, 0, 1, flags, ...new Array(11).fill(0));
const tcp = (sequence: number, length: number) =>
  packet(6, [0, 1, 0, 2, 0, 0, 0, sequence, 0, 0, 0, 0, 0x50, ...new Array(7 + length).fill(0)]);

const passing: { name: string; kind: MediaKind; packets: Uint8Array[]; contents: Content[] }[] = [
  { name: 'RTP', kind: 'rtp', packets: [7, 8, 7, 9].map(rtp), contents: ['media', 'media', 'repair', 'media'] },
  {
    name: 'RTP whose sequence wraps',
    kind: 'rtp',
    packets: [0xffff, 0, 0xffff].map(rtp),
    contents: ['media', 'media', 'repair'],
  },
  { name: 'RTP out of order', kind: 'rtp', packets: [9, 7, 7].map(rtp), contents: ['media', 'media', 'repair'] },
  { name: 'QUIC beside RTP', kind: 'rtp', packets: [udp(0x40, ...new Array(30).fill(1))], contents: ['other'] },
  {
    name: 'SRT',
    kind: 'srt',
    packets: [srt(0, 0xc0), srt(0, 0xc4), srt(0x80, 0)],
    contents: ['media', 'repair', 'other'],
  },
  {
    name: 'TCP',
    kind: 'tcp',
    packets: [tcp(1, 10), tcp(11, 0), tcp(1, 10), tcp(11, 5)],
    contents: ['media', 'other', 'repair', 'media'],
  },
];
for (const { name, kind, packets, contents } of passing) {
  test(`media is told from what is sent again: ${name}`, () => {
    assert.deepEqual(packets.map(meterOf(kind)), contents);
  });
}

test('key frames of the clip are ten times as large as others, the rate is right, and no byte is unchecked', {
  skip,
}, () => {
  const { frames } = linkClip(4000);
  const video = frames.filter(({ kind }) => kind === 'video');
  const sizes = [true, false].map((isKey) =>
    video.filter(({ keyframe }) => keyframe === isKey).map(({ body }) => body.length),
  );
  assert.deepEqual([new Set(sizes[0]).size, new Set(sizes[1]).size], [1, 1]);
  assert.ok(Math.abs(sizes[0]![0]! / sizes[1]![0]! - 10) < 0.01);
  const bytes = frames.reduce((sum, { body }) => sum + body.length, 0);
  assert.ok(Math.abs((bytes * 8) / LOOP - 4000) < 1, `${(bytes * 8) / LOOP} kbit/s`);
  assert.ok(video.every(({ body }) => readStamp(body)?.intact));
  assert.ok(video.every(({ body }) => !readStamp(body.with(body.length - 100, 0))?.intact));
});

/** Frames of the clip, as tags; `number` counts its pictures. */
function pictures(): Tag[] {
  const video = prepareClip(200).frames.filter(({ kind }) => kind === 'video');
  return video.map(({ body, time }, number) => {
    stamp(body, 0, number);
    return { type: VIDEO, time, body };
  });
}

function foundIn(tags: (Tag | 'back')[]) {
  const tally = new Tally();
  for (const tag of tags) {
    if (tag === 'back') tally.comeBack();
    else tally.take(tag);
  }
  const { frames, missing, holes, faulty } = tally.found;
  return { frames, missing, holes, faulty };
}

test('a viewer sees what is missing, and whether it could go on', { skip }, () => {
  const tags = pictures();
  const [first, second] = [tags.slice(0, 20), tags.slice(50, 60)];
  assert.deepEqual(foundIn([...first, ...second]), { frames: 30, missing: 30, holes: 1, faulty: 0 });
  assert.deepEqual(foundIn(tags.toSpliced(10, 2)), { frames: 198, missing: 2, holes: 1, faulty: 1 });
  const sound = [0, 21, 64].map((time) => ({ type: AUDIO, time, body: Uint8Array.of(0xaf, 1) }));
  assert.deepEqual(foundIn(sound), { frames: 3, missing: 1, holes: 1, faulty: 0 });
});

test('a viewer who comes back is given old frames, which count for nothing', { skip }, () => {
  const tags = pictures();
  const { missing, holes, faulty } = foundIn([...tags.slice(0, 60), 'back', ...tags.slice(50)]);
  assert.deepEqual({ missing, holes, faulty }, { missing: 0, holes: 0, faulty: 0 });
});

test('a viewer who comes back to another publisher, whose numbers begin anew, sees his first picture', { skip }, () => {
  const tally = new Tally();
  for (const tag of pictures().slice(0, 60)) tally.take(tag);
  const before = tally.found.newest.written;
  tally.comeBack();
  tally.take(pictures()[0]!);
  assert.ok(tally.found.newest.written > before);
});

test('a transport stream is read back as the frames it was made of, a lost piece as the frames it takes with it', {
  skip,
}, () => {
  const { headers, frames } = linkClip(1000);
  const header = (type: number, skipped: number) => headers.find((each) => each.type === type)!.body.subarray(skipped);
  const tracks = { video: h264Track(header(VIDEO, 5)), audio: aacTrack(header(AUDIO, 2)) };
  const muxer = new TsMuxer({ tracks: Object.values(tracks) });
  const pieces = frames.slice(0, 60).map(({ kind, body, keyframe, time }) => {
    if (keyframe && kind === 'video') muxer.tables();
    const data = body.subarray(kind === 'video' ? 5 : 2);
    muxer.write({ track: tracks[kind], dts: time * 1000, pts: time * 1000, keyframe, data });
    return muxer.take();
  });
  const bytes = Buffer.concat(pieces);
  const read = (from: Uint8Array) => {
    const tags: Tag[] = [];
    const reader = new TsReader((tag) => tags.push(tag));
    for (let at = 0; at < from.length; at += 1000) reader.push(from.subarray(at, at + 1000), 0);
    return tags;
  };
  const [whole, torn] = [read(bytes), read(Buffer.concat([bytes.subarray(0, 5000), bytes.subarray(6316)]))];
  // The last of each kind has no end.
  assert.equal(whole.length, 58);
  assert.ok(whole.every(({ type, body }) => type === AUDIO || readStamp(body)?.intact));
  assert.ok(torn.length < 58 && torn.length > 50);
  assert.ok(torn.every(({ type, body }) => type === AUDIO || readStamp(body)?.intact));
});

test('settings of the link that make no sense are refused with a sentence', () => {
  assert.throws(() => readLinkSettings(['--loss', 'x']), /--loss wants a number from 0 to 90, not 'x'/);
  assert.throws(() => readLinkSettings(['--rate', '']), /--rate wants a number/);
  assert.throws(() => readLinkSettings(['--peers', 'nobody']), /--peers knows srt, rtmp, legacy, not 'nobody'/);
  assert.deepEqual(readLinkSettings(['--peers', 'none']).peers, []);
  assert.throws(() => readLinkSettings(['--beside', 'udp']), /--beside knows tcp, not 'udp'/);
});

test('repairs that add to what is lost on a narrow path are told', () => {
  const figures = (lost: number, missing: number) => ({ 'path loss %': lost, missing });
  const failed = (...[repaired, plain]: [number, number][]) =>
    judgeNarrow(figures(...repaired!), figures(...plain!)).flatMap(({ figure, pass }) => (pass ? [] : [figure]));
  assert.deepEqual(failed([5, 10], [5.2, 30]), []);
  assert.deepEqual(failed([8, 31], [5, 30]), ['path loss % with repairs', 'frames missing with repairs']);
});

test('a run is held against what its path allows', () => {
  const figures = { faulty: 0, holes: 1, packets: 200_000, 'overhead %': 16, 'p50 ms': 450, missing: 1 };
  const failed = (...args: string[]) =>
    judge(figures, readLinkSettings(args)).flatMap(({ figure, pass }) => (pass ? [] : [figure]));
  assert.deepEqual(failed('--loss', '10'), ['overhead in %']);
  assert.deepEqual(failed('--loss', '5'), ['holes']);
  assert.deepEqual(failed('--loss', '10', '--latency', '100'), []);
  assert.deepEqual(failed('--loss', '0', '--rtt', '60'), ['holes', 'hand-over, ms from where it is to be']);
  assert.deepEqual(failed('--loss', '0', '--outage', '300'), ['frames missing after the outage']);
});

test('the legacy link may have a quarter of the original’s lag', () => {
  const failed = (lag: number) =>
    judgeLegacy({ missing: 0, 'lag ms': lag }, ORIGINAL_LAGS[2]!).flatMap(({ figure, pass }) => (pass ? [] : [figure]));
  assert.deepEqual([failed(82), failed(83)], [[], ['longest lag in ms']]);
});
