import { createHash } from 'node:crypto';
import { MILLISECOND } from '../../base/clock.ts';
import { Fmp4Muxer } from '../../container/fmp4/muxer.ts';
import { type TsCounters, TsMuxer } from '../../container/mpegts/muxer.ts';
import type { Frame } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
import type { Init } from './shelved.ts';

/** What segments can be made of. */
export type Container = 'fmp4' | 'ts';

/** Makes the bytes of one segment. */
export interface Packager {
  /** What a decoder needs first; undefined where segments stand for themselves. */
  readonly init: Init | undefined;
  write(frame: Frame): void;
  /** What is complete by now; absent where a segment is not divided. */
  part?(sequence: number): Uint8Array | undefined;
  /** The rest. `next` begins the next segment, where it goes on from this one. */
  end(sequence: number, next: Frame | undefined): Uint8Array | undefined;
}

/** Makes the packagers of one segment after another. Throws `RefusedError` where the container cannot carry a track. */
export type Packaging = (tracks: readonly Track[]) => Packager;

/** How much sound shares the header of a packet of MPEG-TS, in microseconds. */
const SOUND_GATHERED = 100 * MILLISECOND;

/** How segments are made in each container. */
export const packagings: Readonly<Record<Container, () => Packaging>> = { fmp4: () => fmp4, ts };

function fmp4(tracks: readonly Track[]): Packager {
  const muxer = new Fmp4Muxer(tracks);
  return {
    init: { name: initName(muxer.init), bytes: muxer.init },
    write: (frame) => muxer.write(frame),
    part: (sequence) => muxer.part(sequence)?.bytes,
    end: (sequence, next) => muxer.end(sequence, next)?.bytes,
  };
}

/** The continuity counters go on from segment to segment. */
function ts(): Packaging {
  let counters: TsCounters | undefined;
  return (tracks) => {
    const muxer = new TsMuxer({ tracks, counters, gather: SOUND_GATHERED });
    muxer.tables();
    return {
      init: undefined,
      write: (frame) => muxer.write(frame),
      end() {
        const bytes = muxer.take();
        ({ counters } = muxer);
        return bytes;
      },
    };
  };
}

/** By its content, so that the name stands for the same bytes on every node and for ever. */
function initName(bytes: Uint8Array): string {
  return `init-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.mp4`;
}
