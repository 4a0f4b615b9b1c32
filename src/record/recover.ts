import { readFile, stat } from 'node:fs/promises';
import { ProtocolError } from '../base/errors.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import type { Disk, DiskFile } from './disk.ts';
import { type End, type Header, type Manifest, manifestLine, proofOf, readManifest } from './manifest.ts';
import { MANIFEST, PART } from './places.ts';
import { addTo } from './recording-file.ts';
import { completeOpening } from './seal.ts';

/** So many of the last fragments are looked at: those before them were made safe long before the end. */
const SUSPECTS = 64;

/**
 * Finishes a recording whose writer was killed: keeps all that its manifest proves, and gives it its name. Resolves to
 * nothing, and removes both files, where there is not a single frame. `file` is the name without `.part`. Rejects, and
 * leaves everything as it is, where there is something but no manifest that tells what.
 */
export async function recover(disk: Disk, file: string): Promise<{ header: Header; end: End } | undefined> {
  const manifest = readManifest(await readFile(file + MANIFEST, 'utf8').catch(() => ''));
  if (!manifest) return withoutManifest(disk, file);
  const media = await disk.open(file + PART);
  try {
    const lines = await wholeLines(media, manifest);
    const fragments = lines.flatMap(({ fragment }) => fragment ?? []);
    const last = fragments.at(-1);
    if (!last) return await discard(disk, file);
    const end = await finish(disk, { file, media, manifest, lines: lines.length });
    return { header: manifest.header, end };
  } finally {
    await media.close();
  }
}

async function finish(
  disk: Disk,
  { file, media, manifest, lines }: { file: string; media: DiskFile; manifest: Manifest; lines: number },
): Promise<End> {
  const kept = manifest.lines.slice(0, lines);
  const fragments = kept.flatMap(({ fragment }) => fragment ?? []);
  const { at, size } = fragments.at(-1)!;
  await media.truncate(at + size);
  const opening = await completeOpening(media, manifest.header, fragments, at + size).catch(unlessDamaged);
  await media.sync();
  const missing = manifest.gaps.reduce((sum, { frames }) => sum + frames, 0);
  const totals = fragments.reduce(addTo, { ended: manifest.header.began, video: 0, audio: 0 });
  const end: End = { end: 'recovered', size: at + size, ...totals, missing, ...(opening && { opening }) };
  const list = await disk.open(file + MANIFEST);
  try {
    const length = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    await list.truncate(length);
    await list.replace(encodeUtf8(manifestLine(end)), length);
    await list.sync();
  } finally {
    await list.close();
  }
  await disk.rename(file + PART, file);
  return end;
}

/** The lines of the manifest, without an end, up to the first fragment that is not as it says. */
async function wholeLines(media: DiskFile, manifest: Manifest): Promise<Manifest['lines']> {
  const lines = manifest.lines.filter(({ isEnd }) => !isEnd);
  const suspects = manifest.fragments.slice(-SUSPECTS);
  for (const fragment of suspects) {
    const { at, size, hash } = fragment;
    const proof = proofOf(await media.read(at, size));
    if (proof.size !== size || proof.hash !== hash)
      return lines.slice(
        0,
        lines.findIndex((line) => line.fragment === fragment),
      );
  }
  return lines;
}

/** A file whose beginning is damaged has the rest nevertheless. */
function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof ProtocolError)) throw error;
  return undefined;
}

async function withoutManifest(disk: Disk, file: string): Promise<undefined> {
  const { size } = await stat(file + PART);
  if (size > 0) throw new Error('its manifest is missing or damaged');
  return discard(disk, file);
}

async function discard(disk: Disk, file: string): Promise<undefined> {
  await disk.remove(file + PART);
  await disk.remove(file + MANIFEST);
  return undefined;
}
