import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { needsNewerFfmpeg, type PeerPacket, packetsOf, playByNewer, publishByNewer } from '../peers/newer-ffmpeg.ts';
import { make, playToFile, publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import type { Program } from '../support/program.ts';
import { startTestServer } from '../support/server.ts';
import { type Owner, until } from '../support/until.ts';
import { watch } from '../support/watch.ts';

const words = (text: string) => text.split(' ');
const picture = words('-f lavfi -i testsrc2=size=160x96:rate=25:duration=2');
const sound = words('-f lavfi -i sine=frequency=440:sample_rate=48000:duration=2');
const both = [...picture, ...sound];
// One key frame, at the beginning: a viewer who waited begins with it, however late the machine is.
const h264 = words('-c:v libx264 -preset veryfast -threads 1 -pix_fmt yuv420p -g 250 -bf 2');
const x265 = words('-preset ultrafast -x265-params log-level=error:keyint=250:pools=none:bframes=2');
const h265 = ['-c:v', 'libx265', ...x265, '-tag:v', 'hvc1'];
const av1 = words('-c:v libaom-av1 -cpu-used 8 -g 250');
const vp9 = words('-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 250');

/** What stands in the tags, FourCCs or the numbers of the older form, and how the clip is made. */
const CLIPS = [
  { wire: ['hvc1', '10'], recipe: [...both, ...h265, '-c:a', 'aac'] },
  { wire: ['av01', 'Opus'], recipe: [...both, ...av1, '-c:a', 'libopus'] },
  { wire: ['vp09', 'fLaC'], recipe: [...both, ...vp9, '-c:a', 'flac', '-strict', '-2'] },
  { wire: ['7', 'ac-3'], recipe: [...both, ...h264, '-c:a', 'ac3'] },
  { wire: ['7', 'ec-3'], recipe: [...both, ...h264, '-c:a', 'eac3'] },
  { wire: ['7', '2'], recipe: [...both, ...h264, '-c:a', 'libmp3lame'] },
  { wire: ['Opus'], recipe: [...sound, '-c:a', 'libopus'] },
];

const server = await startTestServer({ after }, { play: { wait: '30s' }, publish: { stopGrace: '0s' } });
const needs = needsNewerFfmpeg('ffmpeg');
/** Clips go at the speed of life; but each takes five programs, and there may be two processors. */
const together = { concurrency: 4 };

describe('a newer FFmpeg is played by Headwater what it has published, as if from its own file', together, () => {
  for (const { wire, recipe } of CLIPS) {
    test(`in the tags: ${wire.join(' and ')}`, needs, async (t) => {
      const name = `newer-${wire.join('-').replaceAll(/[^\w-]/g, '')}`;
      const clip = await make([...recipe, '-f', 'mp4'], 'mp4');
      const viewer = await watch(t, server, 'http-flv', name);
      await arrives(t, name, clip, await ownFile(t, clip));
      await viewer.ended;
      const kinds = (['video', 'audio'] as const).filter((kind) => framesOf(viewer.tags, kind).length > 0);
      assert.deepEqual(
        kinds.map((kind) => framesOf(viewer.tags, kind)[0].codec),
        wire,
      );
    });
  }

  test('of several tracks the first of each kind', needs, async (t) => {
    const tracks = [...picture, ...picture, ...sound, ...sound, ...[0, 1, 2, 3].flatMap((n) => ['-map', `${n}`])];
    const codecs = [...h264, '-c:v:1', 'libx265', ...x265, ...words('-c:a:0 aac -c:a:1 libopus')];
    const clip = await make([...tracks, ...codecs, '-f', 'mp4'], 'mp4');
    const all = await ownFile(t, clip);
    assert.deepEqual([...new Set(all.map(({ codec }) => codec))].toSorted(), ['aac', 'h264', 'hevc', 'opus']);
    const first = all.filter(({ codec }) => codec === 'h264' || codec === 'aac');
    await arrives(t, 'newer-tracks', clip, first);
    for (const left of ['video track 1 (hvc1)', 'audio track 1 (Opus)'])
      await server.logged(`${left} of multitrack ignored: only track 0 is served`);
  });

  async function arrives(owner: Owner, name: string, clip: string, sent: readonly PeerPacket[]): Promise<void> {
    const players = await playBoth(owner, name);
    await publishByNewer(owner, clip, server.rtmp(name)).succeeded();
    for (const player of players) assertSamePackets(await packetsOf(player), sent);
  }
});

describe('what one FFmpeg publishes the other plays', together, () => {
  const plain = () => make([...both, ...h264, '-c:a', 'aac', '-f', 'mp4'], 'mp4');

  test('from the newer to that of Debian', needs, async (t) => {
    const folder = await temporaryFolder(t);
    const [sent, played] = [join(folder, 'sent.flv'), join(folder, 'played.flv')];
    await publishByNewer(t, await plain(), sent).succeeded();
    const player = playToFile(t, server.rtmp('newer-to-older'), played);
    await playing('newer-to-older', 1);
    await publishByNewer(t, await plain(), server.rtmp('newer-to-older')).succeeded();
    await player.ended();
    assertSameFrames(await readTags(played), await readTags(sent));
  });

  test('from that of Debian to the newer', needs, async (t) => {
    const players = await playBoth(t, 'older-to-newer');
    await publishFile(t, await plain(), server.rtmp('older-to-newer')).succeeded();
    for (const player of players) assertSamePackets(await packetsOf(player), await ownFile(t, await plain()));
  });
});

/** The newer FFmpeg as a player by RTMP and by HTTP-FLV, both connected. */
async function playBoth(owner: Owner, name: string): Promise<Program[]> {
  const players = [server.rtmp(name), server.http(`/live/${name}.flv`)].map((url) => playByNewer(owner, url));
  await playing(name, players.length);
  return players;
}

async function playing(name: string, viewers: number): Promise<void> {
  const path = `__defaultVhost__/live/${name}`;
  const begun = () => server.lines().filter((line) => line.msg === 'play begins' && line['path'] === path);
  await until(`${name} is waited for`, () => begun().length >= viewers);
}

/** The packets of a clip when the newer FFmpeg puts it into an FLV file and reads that again. */
async function ownFile(owner: Owner, clip: string): Promise<PeerPacket[]> {
  const file = join(await temporaryFolder(owner), 'own.flv');
  await publishByNewer(owner, clip, file).succeeded();
  return packetsOf(playByNewer(owner, file));
}

/** Fails unless all came from where viewers begin: at the key frame, or where there is only sound with what was newest. */
function assertSamePackets(actual: readonly PeerPacket[], sent: readonly PeerPacket[]): void {
  const key = sent.findIndex(({ kind }) => kind === 'video');
  const first = key >= 0 ? key : sent.findIndex(({ data }) => data === actual[0]?.data);
  assert.ok(first >= 0, 'the first packet is one that was sent');
  for (const kind of ['video', 'audio']) {
    const ofKind = (packets: readonly PeerPacket[]) => packets.filter((each) => each.kind === kind).map(comparable);
    assert.deepEqual(ofKind(actual), ofKind(sent.slice(first)), `the ${kind} packets`);
  }
}

/** Headwater sends configurations as the specification has them: these two FFmpeg itself writes in another way. */
function comparable(packet: PeerPacket): PeerPacket {
  return ['vp9', 'flac'].includes(packet.codec) ? { ...packet, config: '' } : packet;
}
