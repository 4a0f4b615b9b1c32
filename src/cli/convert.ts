import { resolve } from 'node:path';
import type { z } from 'zod';
import { translate } from '../config/dialects.ts';
import { writeValues } from '../config/document.ts';
import { readConfigFile } from '../config/file.ts';
import { ConfigError, loadConfig } from '../config/load.ts';
import { type Place, sourcesOf } from './configuration.ts';

/** Our YAML for a configuration in another dialect, with comments that tell what is left out. Throws {@link ConfigError}. */
export function convert(schema: z.ZodType, name: string, place: Place): string {
  const text = readConfigFile(resolve(place.folder, name));
  if (text === undefined) throw new ConfigError([`there is no file ${name}`]);
  const translated = translate(name, text, sourcesOf(place));
  if (!translated) throw new ConfigError([`${name} is no configuration of SRS or of an original node`]);
  loadConfig(schema, { translated });
  const { dialect, warnings } = translated;
  const head = [
    `Made of ${name}, a configuration of ${dialect}.`,
    ...(warnings.length > 0 ? ['What differs:', ''] : []),
  ];
  const comments = [...head, ...warnings].map((line) => (line === '' ? '#' : `# ${line.replaceAll(/\s+/g, ' ')}`));
  return `${comments.join('\n')}\n\n${writeValues(schema, translated.value())}\n`;
}
