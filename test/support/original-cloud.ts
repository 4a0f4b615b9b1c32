import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../data/original-cloud');

/** A tag as it was pushed to the original cloud. */
export interface SourceTag {
  readonly type: string;
  readonly timestamp: number;
  readonly size: number;
  readonly sha1: string;
}

/** The datagrams that the original cloud sent: its announcement, then RTP. */
export function capturedDatagrams(): Uint8Array[] {
  const bytes = readFileSync(join(folder, 'cloud.bin'));
  const datagrams: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const from = at + 10;
    at = from + bytes.readUInt16BE(at + 8);
    datagrams.push(new Uint8Array(bytes.subarray(from, at)));
  }
  return datagrams;
}

/** The tags that the original cloud was given, as far as the datagrams go. */
export function sourceTags(): SourceTag[] {
  const lines = readFileSync(join(folder, 'source-tags.txt'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [type = '', timestamp, size, sha1 = ''] = line.split(' ');
    return { type, timestamp: Number(timestamp), size: Number(size), sha1 };
  });
}

/** A body's digest as {@link sourceTags} has it. */
export function sha1(body: Uint8Array): string {
  return createHash('sha1').update(body).digest('hex');
}

/** An answer of the original's HTTP API: its status and the JSON of its body. */
export function capturedAnswer(name: string): { readonly status: number; readonly body: unknown } {
  const [head = '', body = ''] = readFileSync(join(folder, `${name}.txt`), 'utf8').split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body: JSON.parse(body) };
}
