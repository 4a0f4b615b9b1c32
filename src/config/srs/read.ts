import type { Translation } from '../translation.ts';
import { overlayEnvironment } from './environment.ts';
import { type Files, readDirectives } from './include.ts';
import { translateDirectives } from './translate.ts';

/** What a configuration of SRS is read from besides its text. */
export interface Sources extends Files {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Translates a file of SRS, under the variables `SRS_*`; `name` is what messages call it. Throws `ConfigError` with one line. */
export function translateSrs(name: string, text: string, sources: Sources): Translation {
  const { root, warnings } = overlayEnvironment(readDirectives(name, text, sources), sources.env);
  const translation = translateDirectives(name, root);
  translation.warnings.push(...warnings);
  return translation;
}
