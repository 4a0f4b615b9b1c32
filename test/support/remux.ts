import { readFile } from 'node:fs/promises';
import type { AmfValue } from '../../src/container/flv/amf0.ts';
import { configBody, type Dialect, frameHead, metadataBody } from '../../src/container/flv/body.ts';
import { FLV_CODECS } from '../../src/container/flv/codecs.ts';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { Frame } from '../../src/media/frame.ts';
import type { Track } from '../../src/media/track.ts';
import { make, probe } from './ffmpeg.ts';

interface Probe {
  readonly streams: readonly { readonly index: number; readonly codec_name: string; readonly extradata?: string }[];
  readonly packets: readonly ProbedPacket[];
}

interface ProbedPacket {
  readonly stream_index: number;
  readonly pts_time: string;
  readonly dts_time: string;
  readonly size: string;
  readonly pos: string;
  readonly flags: string;
}

/** What ffprobe calls a codec, where that is another name than ours. */
const NAMES: Readonly<Record<string, string>> = { hevc: 'h265' };
const MICROSECONDS = 1_000_000;

const source = (size: string) => ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=2`];
const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=2'];
const x265Params = 'log-level=error:keyint=25:min-keyint=25:pools=none';
const x265 = ['-c:v', 'libx265', '-x265-params', x265Params, '-preset', 'ultrafast', '-tag:v', 'hvc1'];

/** Clips of codecs that Debian's ffmpeg cannot put into FLV, as MP4. */
const RECIPES = {
  hevc: [...source('160x96'), ...sound, ...x265, '-c:a', 'aac'],
  av1: [...source('160x96'), ...sound, '-c:v', 'libaom-av1', '-cpu-used', '8', '-g', '25', '-c:a', 'libopus'],
  opus: [...sound, '-c:a', 'libopus'],
} satisfies Record<string, readonly string[]>;

/** The name of such a clip. */
export type RemuxedName = keyof typeof RECIPES;

/** The clip as tags of (enhanced) FLV, metadata and sequence headers first. */
export async function remuxed(name: RemuxedName, dialect: Dialect = 'enhanced'): Promise<FlvTag[]> {
  const file = await make([...RECIPES[name], '-f', 'mp4'], 'mp4');
  const bytes = await readFile(file);
  const { streams, packets } = await probe<Probe>(file, '-show_streams', '-show_packets', '-show_data');
  const tracks = new Map<number, Track>(
    streams.map((stream) => [stream.index, trackOf(stream.codec_name, stream.extradata)]),
  );
  const start = Math.min(...packets.map(({ dts_time }) => Number(dts_time)));
  const frames = packets.map((packet) => tagOf(packet, bytes, tracks.get(packet.stream_index)!, start, dialect));
  frames.sort((a, b) => a.timestamp - b.timestamp);
  // Viewers begin with a key frame: the sound before it would reach nobody.
  const first = Math.max(
    frames.findIndex(({ type }) => type === 'video'),
    0,
  );
  return [...openingOf([...tracks.values()], dialect), ...frames.slice(first)];
}

function openingOf(tracks: readonly Track[], dialect: Dialect): FlvTag[] {
  const extra: Record<string, AmfValue> = { encoder: 'Test' };
  const headers = tracks.map((track) => ({ type: track.kind, timestamp: 0, body: configBody(track, dialect)! }));
  return [{ type: 'script', timestamp: 0, body: metadataBody(tracks, extra, dialect) }, ...headers];
}

function tagOf(packet: ProbedPacket, file: Uint8Array, track: Track, start: number, dialect: Dialect): FlvTag {
  const at = Number(packet.pos);
  const data = file.subarray(at, at + Number(packet.size));
  const [dts, pts] = [packet.dts_time, packet.pts_time].map((time) =>
    Math.round((Number(time) - start) * MICROSECONDS),
  );
  const sample = { track, dts, pts, keyframe: packet.flags.startsWith('K'), data };
  const frame = new Frame(sample, { seq: 0, tenure: { token: 1, epoch: 1 } }, dts, track, false, 0);
  const body = Buffer.concat([frameHead(frame, dialect), data]);
  return { type: track.kind, timestamp: Math.round(dts / 1000), body };
}

function trackOf(name: string, extradata = ''): Track {
  const row = FLV_CODECS.find(({ codec }) => codec === (NAMES[name] ?? name))!;
  const track = row.track(fromDump(extradata));
  if (!track) throw new Error(`the extradata of ${name} describes no track`);
  return track;
}

/** The bytes of a hexadecimal dump as ffprobe prints it: an offset, up to eight groups, the characters. */
function fromDump(dump: string): Uint8Array {
  const lines = dump.split('\n').map((line) => /^[0-9a-f]{8}: ((?:[0-9a-f]{2,4} ?){1,8})/.exec(line)?.[1] ?? '');
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}
