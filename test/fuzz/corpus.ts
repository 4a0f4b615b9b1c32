import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '../../src/base/bytes.ts';

const FOLDER = join(import.meta.dirname, 'corpus');
const LINE = /.{1,96}/g;

/** The inputs on which a target once failed. */
export function readCorpus(target: string): Uint8Array[] {
  const folder = join(FOLDER, target);
  return filesOf(folder).map((file) => fromHex(readFileSync(join(folder, file), 'utf8')));
}

/** Keeps an input as a case; returns its file. */
export function keep(target: string, bytes: Uint8Array): string {
  const folder = join(FOLDER, target);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.hex`);
  writeFileSync(file, `${(toHex(bytes).match(LINE) ?? []).join('\n')}\n`);
  return file;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.hex'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
