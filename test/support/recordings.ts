import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { framesOf, type Packet } from './frames.ts';
import { ADMIN_TOKEN, type TestServer } from './server.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** One recording as the API lists it. */
export interface Listed {
  readonly id: string;
  readonly file: string;
  readonly stream: string;
  readonly finished: boolean;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly video_frames: number;
  readonly audio_frames: number;
  readonly missing_frames: number;
  readonly url: string;
  readonly playlist: string;
}

/** What `GET /api/v1/recordings` answers. */
export interface Listing {
  readonly total: number;
  readonly recordings: readonly Listed[];
  readonly running: readonly { readonly stream: string; readonly trouble: string }[];
}

/** A packet of a file, as ffprobe finds it. */
export interface Probed {
  readonly codec_type: 'video' | 'audio';
  readonly pts_time: string;
  readonly dts_time: string;
  readonly flags: string;
}

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const authorization = `Bearer ${ADMIN_TOKEN}`;

/** Asks the API as its administrator. */
export function ask(server: TestServer, path: string, init: Asked = {}): Promise<Response> {
  return fetch(server.http(path), { ...init, headers: { authorization, ...init.headers } });
}

/** What is recorded. */
export async function listing(server: TestServer, query = ''): Promise<Listing> {
  return (await (await ask(server, `/api/v1/recordings${query}`)).json()) as Listing;
}

/** Resolves to the recordings of a stream, as soon as there are so many that are finished. */
export function finished(server: TestServer, stream: string, count = 1): Promise<readonly Listed[]> {
  return until(`${count} finished recordings of ${stream}`, async () => {
    const { recordings } = await listing(server, `?stream=${stream}`);
    const done = recordings.filter((each) => each.finished);
    return done.length >= count ? done : undefined;
  });
}

/** The packets that ffprobe finds in a file, and what it has to complain about. */
export async function packetsIn(file: string): Promise<{ packets: readonly Probed[]; complaints: string }> {
  const entries = 'packet=codec_type,pts_time,dts_time,flags';
  const args = ['-v', 'warning', '-show_packets', '-show_entries', entries, '-of', 'json', file];
  const { stdout, stderr } = await run('ffprobe', args, { maxBuffer: 64 * 1024 * 1024 });
  return { packets: (JSON.parse(stdout) as { packets: Probed[] }).packets, complaints: stderr };
}

/** What ffmpeg has to complain about when it decodes all of a file. */
export async function complaintsAbout(file: string): Promise<string> {
  const { stderr } = await run('ffmpeg', ['-v', 'warning', '-i', file, '-f', 'null', '-']);
  return stderr;
}

/** Runs `headwater verify FILE`. */
export async function verifyBy(file: string): Promise<{ code: number; said: string }> {
  const main = new URL('../../src/main.ts', import.meta.url).pathname;
  return run(process.execPath, [main, 'verify', file]).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, said: stdout }),
  );
}

/** The frames in these tags that a recording has: from the first key frame on. */
export function recordable(tags: readonly FlvTag[], kind: 'video' | 'audio'): Packet[] {
  const start = tags.findIndex((tag) => framesOf([tag], 'video').some(({ keyframe }) => keyframe));
  return framesOf(tags.slice(start), kind);
}
