import { type FileHandle, open, readFile } from 'node:fs/promises';
import { SECOND } from '../base/clock.ts';
import { describePath } from '../hub/path.ts';
import { type Fragment, type Gap, type Manifest, proofOf, readManifest } from './manifest.ts';
import { MANIFEST, PART } from './places.ts';

/** What a check of a recording found. */
export interface Verification {
  /** Whether every frame that was to be recorded is there, unchanged. */
  readonly isComplete: boolean;
  /** For people, a line each. */
  readonly lines: readonly string[];
}

const WHY: Record<Gap['gap'], string> = {
  publisher: 'nothing was published',
  missed: 'frames did not reach the recorder',
  slow: 'the disk was too slow',
  disk: 'the disk refused to be written to',
  space: 'the disk had too little free space',
};

/**
 * Checks a recording against its manifest; `file` is any of the two, finished or not. Rejects with an error that has a `code`
 * where they cannot be read.
 */
export async function verify(file: string): Promise<Verification> {
  const name = file.replace(new RegExp(`\\${PART}$|\\${MANIFEST}$`), '');
  const manifest = readManifest(await readFile(name + MANIFEST, 'utf8'));
  if (!manifest) return { isComplete: false, lines: [`${name}${MANIFEST} is damaged from its first line on`] };
  const media = await open(name, 'r').catch(() => open(name + PART, 'r'));
  try {
    return judge(manifest, await faultsIn(media, manifest));
  } finally {
    await media.close();
  }
}

/** What is not as the manifest says. */
async function faultsIn(media: FileHandle, { header, fragments, end }: Manifest): Promise<string[]> {
  const faults: string[] = [];
  const opening = end?.opening ?? header.opening;
  if (!(await isWhole(media, { at: 0, ...opening }))) faults.push('the beginning of the file is not as it was written');
  let next = opening.size;
  for (const fragment of fragments) {
    const { at, size } = fragment;
    if (at !== next) faults.push(`fragments between the bytes ${next} and ${at} are not listed`);
    next = at + size;
    if (!(await isWhole(media, fragment))) faults.push(`${describe(fragment)}, is damaged or missing`);
  }
  const { size } = await media.stat();
  if (size < next) faults.push(`the file ends at byte ${size} and not at ${next}`);
  if (end && size > next) faults.push(`the file has ${size - next} bytes that are not listed`);
  return faults;
}

async function isWhole(
  media: FileHandle,
  { at, size, hash }: Pick<Fragment, 'at' | 'size' | 'hash'>,
): Promise<boolean> {
  const { size: present } = await media.stat();
  // A damaged manifest may tell of more than there is memory for.
  if (at + size > present) return false;
  const bytes = new Uint8Array(size);
  const { bytesRead } = await media.read(bytes, 0, size, at);
  return bytesRead === size && proofOf(bytes).hash === hash;
}

function judge({ header, fragments, gaps, end }: Manifest, faults: readonly string[]): Verification {
  const count = (kind: 'video' | 'audio') => fragments.reduce((sum, each) => sum + (each[kind]?.frames ?? 0), 0);
  const lost = gaps.filter(({ frames }) => frames > 0);
  const isFinished = end !== undefined;
  const summary = `${describePath(header.stream)}, ${new Date(header.began).toISOString()}: ${fragments.length} fragments, ${count('video')} pictures and ${count('audio')} sounds`;
  return {
    isComplete: faults.length === 0 && lost.length === 0 && isFinished,
    lines: [
      summary,
      ...gaps.map(describeGap),
      ...faults,
      ...(isFinished ? [] : ['it is being written, or was when the server was killed: the next start finishes it']),
      ...(end?.end === 'recovered'
        ? ['it was finished after the server had been killed: what came last may be missing']
        : []),
      ...(faults.length > 0 || lost.length > 0 ? [] : ['nothing that was written is missing or changed']),
    ],
  };
}

function describe({ at, size, video, audio }: Fragment): string {
  const frames = (video?.frames ?? 0) + (audio?.frames ?? 0);
  return `the fragment of ${frames} frames at ${clock((video ?? audio)?.first ?? 0)}, bytes ${at} to ${at + size}`;
}

function describeGap({ gap, from, to, frames }: Gap): string {
  const missing = frames > 0 ? `${frames} frames are missing` : 'a pause';
  return `${missing} between ${clock(from)} and ${clock(to)}: ${WHY[gap]}`;
}

/** Microseconds of the stream as people read them. */
function clock(time: number): string {
  return `${(time / SECOND).toFixed(3)} s`;
}
