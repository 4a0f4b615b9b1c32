import { concat } from '../base/bytes.ts';
import { SECOND } from '../base/clock.ts';
import type { DiskFile } from './disk.ts';
import { type Fragment, type Header, proofOf } from './manifest.ts';
import { completeMetadata, FLV_METADATA_AT, FLV_METADATA_SIZE, type FlvSummary } from './wire/flv-metadata.ts';
import { lastIn } from './wire/piece.ts';

/** Fills in what the beginning of a file can only say when the file is finished; resolves to the proof of that, if anything changed. */
export async function completeOpening(
  media: DiskFile,
  { format, opening }: Header,
  fragments: readonly Fragment[],
  size: number,
): Promise<{ size: number; hash: string } | undefined> {
  if (format !== 'flv') return undefined;
  const body = await media.read(FLV_METADATA_AT, FLV_METADATA_SIZE);
  const completed = completeMetadata(body, summaryOf(fragments, size));
  await media.replace(completed, FLV_METADATA_AT);
  const whole = await media.read(0, opening.size);
  const rest = whole.subarray(FLV_METADATA_AT + FLV_METADATA_SIZE);
  return proofOf(concat([whole.subarray(0, FLV_METADATA_AT), completed, rest]));
}

function summaryOf(fragments: readonly Fragment[], size: number): FlvSummary {
  const [from, to] = [firstOf(fragments), lastOf(fragments)];
  const keyframes = fragments
    .filter(({ key }) => key)
    .map(({ at, video, audio }) => ({ position: at, time: (video ?? audio)!.first / SECOND }));
  return { duration: Math.max(0, to - from) / SECOND, size, keyframes };
}

/** The earliest decoding time in fragments, in microseconds; 0 where there are none. */
export function firstOf(fragments: readonly Fragment[]): number {
  const [first] = fragments;
  if (!first) return 0;
  return Math.min(...[first.video, first.audio].filter((track) => track !== undefined).map((track) => track.first));
}

/** The latest decoding time in fragments, in microseconds; 0 where there are none. */
export function lastOf(fragments: readonly Fragment[]): number {
  const last = fragments.at(-1);
  if (!last) return 0;
  return lastIn({ tracks: { ...(last.video && { video: last.video }), ...(last.audio && { audio: last.audio }) } });
}
