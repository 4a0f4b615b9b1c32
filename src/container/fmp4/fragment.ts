import { ByteWriter } from '../../base/byte-writer.ts';
import type { Sample } from '../../media/frame.ts';
import type { Kind } from '../../media/track.ts';
import { BOX_HEADER } from './box.ts';
import { TRACK_IDS } from './init.ts';

/** The frames of one track that go into a fragment, at least one, in their order. */
export interface Run {
  readonly kind: Kind;
  readonly frames: readonly Sample[];
  /** The decoding time at which the last one's duration ends, in microseconds. */
  readonly end: number;
}

const FULL_BOX_HEADER = BOX_HEADER + 4;
const MOVIE_FRAGMENT_HEADER = FULL_BOX_HEADER + 4;
const TRACK_FRAGMENT_HEADER = FULL_BOX_HEADER + 8;
const DECODE_TIME = FULL_BOX_HEADER + 8;
const RUN_HEADER = FULL_BOX_HEADER + 8;
/** Duration and size; for video, flags and composition offset too. */
const SAMPLE_SIZE: Record<Kind, number> = { audio: 8, video: 16 };
/** tfhd: default-base-is-moof and default-sample-flags-present (ISO/IEC 14496-12, 8.8.7). */
const TRACK_FLAGS = 0x02_0020;
/** trun: data-offset-, sample-duration- and sample-size-present; flags and composition offsets (ISO/IEC 14496-12, 8.8.8). */
const RUN_FLAGS: Record<Kind, number> = { audio: 0x301, video: 0xf01 };
/** Depends on no other sample; depends on others and is none where decoding can begin (ISO/IEC 14496-12, 8.8.3.1). */
const SYNC = 0x0200_0000;
const NO_SYNC = 0x0101_0000;
const LONGEST = 0xffff_ffff;

/**
 * A media fragment, `moof` and `mdat`, of these runs, one per track (ISO/IEC 14496-12, 8.8.4 to 8.8.12). It depends on its
 * arguments alone, so it is the same on every node that has the same frames. `sequence` counts up, modulo 2^32.
 */
export function fragment(sequence: number, runs: readonly Run[]): Uint8Array {
  let dataSize = 0;
  for (const { frames } of runs) for (const { data } of frames) dataSize += data.length;
  const headSize = BOX_HEADER + MOVIE_FRAGMENT_HEADER + runs.reduce((size, run) => size + trackFragmentSize(run), 0);
  const writer = new ByteWriter(headSize + BOX_HEADER + dataSize);
  writer.u32(headSize).text('moof').u32(MOVIE_FRAGMENT_HEADER).text('mfhd').u32(0).u32(sequence);
  let offset = headSize + BOX_HEADER;
  for (const run of runs) {
    writeTrackFragment(writer, run, offset);
    for (const { data } of run.frames) offset += data.length;
  }
  writer.u32(BOX_HEADER + dataSize).text('mdat');
  for (const { frames } of runs) for (const { data } of frames) writer.put(data);
  return writer.finish();
}

function runSize({ kind, frames }: Run): number {
  return RUN_HEADER + SAMPLE_SIZE[kind] * frames.length;
}

function trackFragmentSize(run: Run): number {
  return BOX_HEADER + TRACK_FRAGMENT_HEADER + DECODE_TIME + runSize(run);
}

/** One track's part of a `moof`; `offset` is that of its first sample, from where the `moof` begins. */
function writeTrackFragment(writer: ByteWriter, run: Run, offset: number): void {
  const start = run.frames[0]!.dts;
  writer.u32(trackFragmentSize(run)).text('traf');
  writer.u32(TRACK_FRAGMENT_HEADER).text('tfhd').u32(TRACK_FLAGS).u32(TRACK_IDS[run.kind]).u32(SYNC);
  writer
    .u32(DECODE_TIME)
    .text('tfdt')
    .u32(0x0100_0000)
    .u32(Math.floor(start / 2 ** 32))
    .u32(start % 2 ** 32);
  writer
    .u32(runSize(run))
    .text('trun')
    .u32(0x0100_0000 | RUN_FLAGS[run.kind])
    .u32(run.frames.length)
    .u32(offset);
  for (let i = 0; i < run.frames.length; i++) {
    const { dts, pts, keyframe, data } = run.frames[i]!;
    const next = run.frames[i + 1]?.dts ?? run.end;
    writer.u32(Math.min(next - dts, LONGEST)).u32(data.length);
    if (run.kind === 'video') writer.u32(keyframe ? SYNC : NO_SYNC).u32(pts - dts);
  }
}
