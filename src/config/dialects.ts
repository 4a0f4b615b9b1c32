import { translateOriginal } from './original.ts';
import { type Sources, translateSrs } from './srs/read.ts';
import { isSrsText } from './srs/syntax.ts';
import type { Translation } from './translation.ts';

/** What a file in a dialect that is not ours is in our terms; undefined for any other. Throws `ConfigError` where it cannot be read. */
export function translate(name: string, text: string, sources: Sources): Translation | undefined {
  return isSrsText(text) ? translateSrs(name, text, sources) : translateOriginal(name, text, sources.folder);
}
