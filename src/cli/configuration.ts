import { resolve } from 'node:path';
import type { z } from 'zod';
import { makeSecret } from '../access/secret.ts';
import { translate } from '../config/dialects.ts';
import { writeDocument } from '../config/document.ts';
import { readConfigFile, writeConfigFile } from '../config/file.ts';
import { ConfigError, loadConfig } from '../config/load.ts';
import type { accessOptions, logOptions } from '../config/options.ts';
import { translateSrs } from '../config/srs/read.ts';
import type { Translation } from '../config/translation.ts';
import type { ListenAddress } from '../config/values.ts';

/** What the command line itself reads of a configuration. */
export interface BaseConfig {
  readonly log: z.output<typeof logOptions>;
  readonly access: z.output<typeof accessOptions>;
  /** Where HTTP listens; absent where it is off. */
  readonly http?: { readonly listen: ListenAddress | undefined; readonly listenApi: ListenAddress | undefined };
}

/** A configuration ready to start with. */
export interface Configuration<Config> {
  /** Both secrets are set. */
  readonly config: Config;
  /** The file that it was read from, absolute; absent when there is none. */
  readonly file?: string;
  /** Whether this start wrote the file. */
  readonly isFirstStart: boolean;
  /** The options of which the values were made for this run and are nowhere kept. */
  readonly madeForThisRun: readonly string[];
  /** Why the file could not be written. */
  readonly unwritten?: string;
  /** What a file in another dialect asks for and cannot have. */
  readonly warnings?: readonly string[];
}

/** The file that is read, and written at the first start, when none is named. */
export const DEFAULT_FILE = 'headwater.yaml';

const HEADER = `# The options of Headwater, each with its default. What is deleted here has its default again.
# Every option can also be set in the environment, which wins: rtmp.listen is HEADWATER_RTMP_LISTEN.

`;

/** Where a configuration comes from. */
export interface Place {
  /** The file that is named, if one is. */
  readonly named?: string | undefined;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads the file named, or the default one, which is written when absent. Throws {@link ConfigError}. */
export function configure<Config extends BaseConfig>(schema: z.ZodType<Config>, place: Place): Configuration<Config> {
  const { named = DEFAULT_FILE, folder, env } = place;
  const file = resolve(folder, named);
  const text = readConfigFile(file);
  if (text === undefined && place.named !== undefined)
    throw new ConfigError([`there is no file ${named}, which --config names`]);
  if (text === undefined) return begin(schema, file, env);
  const translated = translate(named, text, sourcesOf(place));
  if (translated) return { ...configureBy(schema, translated, env), file };
  return { ...withSecrets(loadConfig(schema, { file: { name: named, text }, env })), file, isFirstStart: false };
}

/** A configuration by the variables of SRS alone, and ours over them. Throws {@link ConfigError}. */
export function configureByEnvironment<Config extends BaseConfig>(
  schema: z.ZodType<Config>,
  place: Place,
): Configuration<Config> {
  return configureBy(schema, translateSrs('the environment', '', sourcesOf(place)), place.env);
}

/** What a file in another dialect is translated with. */
export function sourcesOf({ folder, env }: Place): Parameters<typeof translate>[2] {
  return { folder, env, read: readConfigFile };
}

function configureBy<Config extends BaseConfig>(
  schema: z.ZodType<Config>,
  translated: Translation,
  env: Place['env'],
): Configuration<Config> {
  const complete = withSecrets(loadConfig(schema, { translated, env }));
  return { ...complete, isFirstStart: false, warnings: translated.warnings };
}

/** The first start: writes the default file. */
function begin<Config extends BaseConfig>(
  schema: z.ZodType<Config>,
  file: string,
  env: Place['env'],
): Configuration<Config> {
  const secrets = { publishKey: makeSecret(), adminToken: makeSecret() };
  const text = HEADER + writeDocument(schema, { access: secrets });
  const complete = withSecrets(loadConfig(schema, { file: { name: DEFAULT_FILE, text }, env }));
  const unwritten = write(file, text);
  if (unwritten === undefined) return { ...complete, file, isFirstStart: true };
  return { ...complete, isFirstStart: true, unwritten, madeForThisRun: ['access.publishKey', 'access.adminToken'] };
}

function withSecrets<Config extends BaseConfig>(
  config: Config,
): Pick<Configuration<Config>, 'config' | 'madeForThisRun'> {
  const { access } = config;
  const names = (['publishKey', 'adminToken'] as const).filter((name) => access[name] === '');
  const made = Object.fromEntries(names.map((name) => [name, makeSecret()]));
  const complete = Object.freeze({ ...config, access: Object.freeze({ ...access, ...made }) });
  return { config: complete, madeForThisRun: names.map((name) => `access.${name}`) };
}

/** The server runs without its file, too: what is told is why it was not written. */
function write(file: string, text: string): string | undefined {
  try {
    writeConfigFile(file, text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
