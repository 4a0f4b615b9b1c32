import { join } from 'node:path';
import { Program } from '../support/program.ts';
import type { Needs, Tool } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import { needsPeer } from './needs-peer.ts';

/** A packet as FFmpeg's demuxer gives it. */
export interface PeerPacket {
  readonly kind: 'video' | 'audio';
  /** FFmpeg's name of the codec. */
  readonly codec: string;
  /** Hash of the decoder's configuration; empty where there is none. */
  readonly config: string;
  /** In milliseconds. */
  readonly dts: number;
  readonly pts: number;
  readonly keyframe: boolean;
  /** Hash of what it holds. */
  readonly data: string;
}

const PROGRAM = join(import.meta.dirname, 'ffmpeg.mjs');

/** `needs` for tests that run the newer FFmpeg. */
export function needsNewerFfmpeg(...tools: readonly Tool[]): Needs {
  return needsPeer('node-av', ...tools);
}

/** Publishes a file, as it is, at the speed of life; or puts it into an FLV file, at once. */
export function publishByNewer(owner: Owner, file: string, target: string): Program {
  return new Program(owner, process.execPath, [PROGRAM, 'publish', file, target]);
}

/** Plays a URL, or reads a file, to its end. */
export function playByNewer(owner: Owner, source: string): Program {
  return new Program(owner, process.execPath, [PROGRAM, 'packets', source]);
}

/** The packets that a player, which has ended, was given. Rejects when it had to complain. */
export async function packetsOf(player: Program): Promise<PeerPacket[]> {
  const { stdout } = await player.succeeded();
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as PeerPacket);
}
