import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PART } from '../../src/record/places.ts';
import { verify } from '../../src/record/verify.ts';
import { until } from '../../test/support/until.ts';
import { type Clip, LOOP } from '../clip.ts';
import type { Figures } from '../report.ts';

/** Publishers who stopped are waited for so long before a recording is finished. */
const FINISH_MILLISECONDS = 90_000;
/** Times in a file are in its own units: of 1/90000 s at the coarsest. */
const MOST_OFF_MILLISECONDS = 1;
const MOST_BYTES = 512 * 1024 * 1024;

/** The times of frames since the first picture, in milliseconds. */
interface Times {
  readonly video: readonly number[];
  readonly audio: readonly number[];
}

/**
 * Compares recordings of `live/stream0`, … in a folder with what was sent: so many `frames` of the clip for each of them. Tells how
 * many `frames` there were, and how many are `amiss`: not there, too many, or not at their times to the millisecond.
 */
export async function compareWhole(folder: string, clip: Clip, frames: readonly number[]): Promise<Figures> {
  const names = () => readdirSync(folder, { recursive: true, encoding: 'utf8' });
  await until('recordings are finished', () => names().every((name) => !name.endsWith(PART)), FINISH_MILLISECONDS);
  const sum = { frames: 0, amiss: 0 };
  for (const [index, count] of frames.entries()) {
    const file = onlyFileOf(join(folder, 'live', frames.length === 1 ? 'stream' : `stream${index}`));
    const { isComplete } = await verify(file);
    if (!isComplete) sum.amiss++;
    const [sent, kept] = [timesSent(clip, count), timesIn(file)];
    for (const kind of ['video', 'audio'] as const) {
      sum.frames += sent[kind].length;
      sum.amiss += sent[kind].filter((time, i) => !(Math.abs(time - kept[kind][i]!) <= MOST_OFF_MILLISECONDS)).length;
      sum.amiss += Math.max(0, kept[kind].length - sent[kind].length);
    }
  }
  return sum;
}

function onlyFileOf(place: string): string {
  const names = existsSync(place) ? readdirSync(place, { recursive: true, encoding: 'utf8' }) : [];
  const files = names.filter((name) => name.endsWith('.mp4'));
  if (files.length !== 1) throw new Error(`${files.length} recordings instead of one in ${place}`);
  return join(place, files[0]!);
}

/**
 * Recordings begin with the first picture, which is a key frame; sound that is sent before it is not kept. Where a script begins
 * each kind is as late as if it followed the clip's last frame of its kind.
 */
function timesSent({ frames }: Clip, count: number): Times {
  const last = { video: 0, audio: 0 };
  for (const { kind, time } of frames) last[kind] = time;
  const times = { video: [] as number[], audio: [] as number[] };
  for (let i = 0; i < count; i++) {
    const { kind, time } = frames[i % frames.length]!;
    const at = Math.floor(i / frames.length) * LOOP + time + last.video - last[kind];
    if (kind === 'video' || times.video.length > 0) times[kind].push(at);
  }
  return times;
}

function timesIn(file: string): Times {
  const entries = ['-show_entries', 'packet=codec_type,dts_time', '-of', 'csv=p=0', file];
  const lines = execFileSync('ffprobe', ['-v', 'error', ...entries], { maxBuffer: MOST_BYTES })
    .toString()
    .split('\n');
  const of = (kind: string): number[] =>
    lines.filter((line) => line.startsWith(kind)).map((line) => Number(line.split(',')[1]) * 1000);
  const [video, audio] = [of('video'), of('audio')];
  const first = video[0] ?? 0;
  return { video: video.map((time) => time - first), audio: audio.map((time) => time - first) };
}
