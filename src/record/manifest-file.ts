import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Contents } from './contents.ts';
import { type End, type Header, type ReadLine, readEnds, readLine, readManifest } from './manifest.ts';

const NEWLINE = 10;
/** How much is read at the beginning and at the end, in bytes: more than the first line has, and the last. */
const [HEAD, TAIL] = [128 * 1024, 8 * 1024];

/**
 * The lines of the manifest in a file up to the first that is damaged or cut off; none where it cannot be read. That of a
 * long recording has megabytes: they are read little by little, so that nobody is held up.
 */
async function* linesOf(file: string): AsyncGenerator<ReadLine> {
  let isFirst = true;
  for await (const line of wholeLines(file)) {
    const part = readLine(line.toString(), isFirst);
    if (!part) return;
    yield { bytes: line.length + 1, part };
    isFirst = false;
  }
}

/** All lines of the manifest in a file, up to the first that is damaged or cut off; none where it cannot be read. */
export async function readLines(file: string): Promise<ReadLine[]> {
  const lines: ReadLine[] = [];
  for await (const line of linesOf(file)) lines.push(line);
  return lines;
}

/** What the manifest in a file comes to; `undefined` where that cannot be read. */
export async function readContents(file: string): Promise<Contents | undefined> {
  let contents: Contents | undefined;
  for await (const { part } of linesOf(file)) {
    if ('recording' in part) contents = new Contents(part);
    else if ('at' in part) contents!.add(part);
    else if ('gap' in part) contents!.note(part);
  }
  return contents;
}

/** The first line of a manifest; `undefined` where that cannot be read. */
export async function readHeaderOf(file: string): Promise<Header | undefined> {
  const head = await readPart(file, 0, HEAD).catch(() => '');
  return readManifest(head.slice(0, head.indexOf('\n') + 1))?.header;
}

/** The beginning of a manifest and its end, where it has both. Rejects where it cannot be read. */
export async function readEndsOf(file: string): Promise<{ header: Header; end: End } | undefined> {
  const { size } = await stat(file);
  return readEnds(await readPart(file, 0, HEAD), await readPart(file, Math.max(0, size - TAIL), TAIL));
}

async function readPart(file: string, at: number, length: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function* wholeLines(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        yield rest.subarray(0, end);
        rest = rest.subarray(end + 1);
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}
