import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { headwater, note, wait, withViewers } from '../measure.ts';
import { combine, type Figures, type Row, type Verdict, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';

const VIEWERS = 100;
const DISK = '16m';
const CHUNK = 64 * 1024;
/** The alarm is waited for so long. */
const PATIENCE_SECONDS = 15;
const MOST_SECONDS_TO_ALARM = 5;
/** Of two medians of p99 on a machine that does nothing else. */
const NOISE = 1.25;
/** Below this difference in milliseconds two delays are the same. */
const SAME_MILLISECONDS = 1;

/** What viewers notice of a disk that is full while their stream is recorded, and when it is told; nothing where no disk can be made. */
export async function fullDisk(settings: Settings): Promise<{ rows: Row[]; verdicts: Verdict[] }> {
  const runs: Record<'room' | 'full', Figures[]> = { room: [], full: [] };
  for (let i = 0; i < settings.runs; i++) {
    for (const state of ['room', 'full'] as const) {
      note(`${VIEWERS} viewers, a disk ${state === 'full' ? 'that is full' : 'with room'}`);
      const figures = await withDisk((disk) => once(settings, disk, state === 'full'));
      if (!figures)
        return (note('a full disk is left out: needs the right to mount a tmpfs'), { rows: [], verdicts: [] });
      runs[state].push(figures);
    }
  }
  const [room, full] = [combine(runs.room), combine(runs.full)];
  const most = Math.max(room['p99 ms']! * NOISE, room['p99 ms']! + SAME_MILLISECONDS);
  return {
    rows: [
      { server: 'recorded, disk has room', figures: room },
      { server: 'recorded, disk is full', figures: full },
    ],
    verdicts: [
      verdict('ms of delay at p99 with a full disk, beside that with room', full['p99 ms']!, most),
      verdict('seconds until a full disk is told', full['alarm s']!, MOST_SECONDS_TO_ALARM),
    ],
  };
}

/** `undefined` where there is no right to mount. */
async function withDisk(work: (disk: string) => Promise<Figures>): Promise<Figures | undefined> {
  const disk = mkdtempSync(join(tmpdir(), 'headwater-bench-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return undefined;
  }
  try {
    return await work(disk);
  } finally {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  }
}

function once(settings: Settings, disk: string, isFull: boolean): Promise<Figures> {
  const options = { HEADWATER_RECORD_PATHS: 'live/*', HEADWATER_RECORD_FOLDER: join(disk, 'recordings') };
  const playing = { protocol: 'http-flv', viewers: VIEWERS, tick: 0, options } as const;
  return withViewers(headwater, playing, settings, async ({ load, server }) => {
    const alarm = isFull ? await alarmAfter(disk, server.httpPort) : Number.NaN;
    load.begin();
    await wait(settings.seconds);
    const { delay, checked, viewers } = await load.end();
    const { holes, damaged, backwards } = checked;
    const times = { 'p50 ms': delay.p50, 'p99 ms': delay.p99, 'max ms': delay.max };
    return {
      viewers: VIEWERS,
      ...times,
      lost: VIEWERS - viewers,
      faulty: holes + damaged + backwards,
      'alarm s': alarm,
    };
  });
}

/** Fills the disk; resolves to the seconds until the server's metrics tell of it. */
async function alarmAfter(disk: string, port: number): Promise<number> {
  fill(join(disk, 'ballast'));
  const since = performance.now();
  while (performance.now() - since < PATIENCE_SECONDS * 1000) {
    const headers = { authorization: 'Bearer bench' };
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
    if (/^headwater_recordings_failing 1$/m.test(metrics)) break;
    await sleep(50);
  }
  return (performance.now() - since) / 1000;
}

function fill(file: string): void {
  try {
    for (;;) writeFileSync(file, new Uint8Array(CHUNK), { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
