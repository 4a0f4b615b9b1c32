import type { FlvTag } from '../../src/container/flv/tag.ts';
import { make } from './ffmpeg.ts';
import { readTags } from './flv.ts';
import { needs } from './tools.ts';

/** A piece of FLV to be published: its file, and the tags in it. */
export interface Clip {
  readonly file: string;
  readonly tags: readonly FlvTag[];
}

const picture = (seconds: number, size = '320x180') => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=${size}:rate=25:duration=${seconds}`,
];
const sound = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=44100:duration=${seconds}`];
const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', '-pix_fmt', 'yuv420p', '-sc_threshold', '0'];
const h264 = (gop: number, ...more: readonly string[]) => [...x264, '-g', `${gop}`, '-keyint_min', `${gop}`, ...more];
const aac = ['-c:a', 'aac', '-b:a', '64k'];

/** What the clips are for, by name. All are H.264 and AAC. */
const RECIPES = {
  /** B frames, a key frame a second, sound. */
  movie: [...picture(4), ...sound(4), ...h264(25, '-bf', '2', '-b:v', '300k'), ...aac],
  /** Two seconds of another size. */
  larger: [...picture(2, '640x360'), ...sound(2), ...h264(25, '-bf', '2', '-b:v', '500k'), ...aac],
  videoOnly: [...picture(3), ...h264(25, '-bf', '2')],
  audioOnly: [...sound(3), ...aac],
  /** Steps of 40 to 320 ms. */
  variableRate: [
    ...picture(4),
    ...sound(4),
    '-vf',
    "select='not(mod(n,8))+lt(mod(n,30),15)'",
    '-vsync',
    'vfr',
    ...h264(30, '-bf', '1'),
    ...aac,
  ],
  /** One key frame, at the beginning of twelve seconds. */
  longGop: [...picture(12, '160x90'), ...sound(12), ...h264(1000, '-b:v', '100k'), ...aac],
} satisfies Record<string, readonly string[]>;

/** The name of a clip. */
export type ClipName = keyof typeof RECIPES;

/** The clip of this name, made by ffmpeg's own sources; an empty one where the tests that use it are skipped. */
export async function clip(name: ClipName): Promise<Clip> {
  if (needs('ffmpeg').skip) return { file: '', tags: [] };
  const file = await make([...RECIPES[name], '-flvflags', 'no_duration_filesize', '-f', 'flv'], 'flv');
  return { file, tags: await readTags(file) };
}

/** The tags, so many milliseconds later. */
export function later(tags: readonly FlvTag[], milliseconds: number): FlvTag[] {
  return tags.map((tag) => ({ ...tag, timestamp: (tag.timestamp + milliseconds) >>> 0 }));
}

/** The tags up to and those from a moment in milliseconds. */
export function splitAt(tags: readonly FlvTag[], moment: number): [FlvTag[], FlvTag[]] {
  return [tags.filter(({ timestamp }) => timestamp < moment), tags.filter(({ timestamp }) => timestamp >= moment)];
}
