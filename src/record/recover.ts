import { stat } from 'node:fs/promises';
import { ProtocolError } from '../base/errors.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import { Contents } from './contents.ts';
import type { Disk, DiskFile } from './disk.ts';
import { type End, type Header, type Manifest, manifestLine, manifestOf, proofOf } from './manifest.ts';
import { readLines } from './manifest-file.ts';
import { MANIFEST, PART } from './places.ts';
import { completeOpening } from './seal.ts';

/** So many of the last fragments are looked at: those before them were made safe long before the end. */
const SUSPECTS = 64;

/**
 * Finishes a recording whose writer was killed: keeps all that its manifest proves, and gives it its name. Resolves to
 * nothing, and removes both files, where there is not a single frame. `file` is the name without `.part`. Rejects, and
 * leaves everything as it is, where there is something but no manifest that tells what.
 */
export async function recover(disk: Disk, file: string): Promise<{ header: Header; end: End } | undefined> {
  const manifest = manifestOf(await readLines(file + MANIFEST));
  if (!manifest) return withoutManifest(disk, file);
  const { header } = manifest;
  const media = await disk.open(file + PART);
  try {
    const lines = await wholeLines(media, manifest);
    const contents = contentsOf(header, lines);
    if (contents.points.length === 0) return await discard(disk, file);
    await media.truncate(contents.size);
    const opening = await completeOpening(media, header, contents).catch(unlessDamaged);
    await media.sync();
    const end: End = { ...contents.end('recovered'), ...(opening && { opening }) };
    await finish(disk, file, lines, end);
    return { header, end };
  } finally {
    await media.close();
  }
}

async function finish(disk: Disk, file: string, kept: Manifest['lines'], end: End): Promise<void> {
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
}

function contentsOf(header: Header, lines: Manifest['lines']): Contents {
  const contents = new Contents(header);
  for (const { part } of lines) {
    if ('at' in part) contents.add(part);
    else if ('gap' in part) contents.note(part);
  }
  return contents;
}

/** The lines of the manifest, without an end, up to the first fragment that is not as it says. */
async function wholeLines(media: DiskFile, manifest: Manifest): Promise<Manifest['lines']> {
  const end = manifest.lines.findIndex(({ part }) => 'end' in part);
  const lines = end < 0 ? manifest.lines : manifest.lines.slice(0, end);
  for (const fragment of manifest.fragments.slice(-SUSPECTS)) {
    const { at, size, hash } = fragment;
    const proof = proofOf(await media.read(at, size));
    if (proof.size !== size || proof.hash !== hash)
      return lines.slice(
        0,
        lines.findIndex(({ part }) => part === fragment),
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
