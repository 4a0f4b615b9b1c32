import { concat } from '../base/bytes.ts';
import { SECOND } from '../base/clock.ts';
import type { Contents } from './contents.ts';
import type { DiskFile } from './disk.ts';
import { type Header, proofOf } from './manifest.ts';
import { completeMetadata, FLV_METADATA_AT, FLV_METADATA_SIZE, type FlvSummary } from './wire/flv-metadata.ts';

/** Fills in what the beginning of a file can only say when the file is finished; resolves to the proof of that, if anything changed. */
export async function completeOpening(
  media: DiskFile,
  { format, opening }: Header,
  contents: Contents,
): Promise<{ size: number; hash: string } | undefined> {
  if (format !== 'flv') return undefined;
  const body = await media.read(FLV_METADATA_AT, FLV_METADATA_SIZE);
  const completed = completeMetadata(body, summaryOf(contents));
  await media.replace(completed, FLV_METADATA_AT);
  const whole = await media.read(0, opening.size);
  const rest = whole.subarray(FLV_METADATA_AT + FLV_METADATA_SIZE);
  return proofOf(concat([whole.subarray(0, FLV_METADATA_AT), completed, rest]));
}

function summaryOf({ first, last, size, points }: Contents): FlvSummary {
  const keyframes = points.filter(({ isKey }) => isKey).map(({ at, time }) => ({ position: at, time: time / SECOND }));
  return { duration: Math.max(0, last - first) / SECOND, size, keyframes };
}
