import { resolve } from 'node:path';
import type { z } from 'zod';
import { makeSecret } from '../access/secret.ts';
import { writeDocument } from '../config/document.ts';
import { readConfigFile, writeConfigFile } from '../config/file.ts';
import { ConfigError, loadConfig } from '../config/load.ts';
import type { accessOptions, logOptions } from '../config/options.ts';
import { translateOriginal } from '../config/original.ts';

/** What the command line itself reads of a configuration. */
export interface BaseConfig {
  readonly log: z.output<typeof logOptions>;
  readonly access: z.output<typeof accessOptions>;
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
  /** What a file of an original node asks for and cannot have. */
  readonly warnings?: readonly string[];
}

/** The file that is read, and written at the first start, when none is named. */
export const DEFAULT_FILE = 'headwater.yaml';

const HEADER = `# The options of Headwater, each with its default. What is deleted here has its default again.
# Every option can also be set in the environment, which wins: rtmp.listen is HEADWATER_RTMP_LISTEN.

`;

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the file named, or the default one, which is written when absent. Throws {@link ConfigError}. */
export function configure<Config extends BaseConfig>(
  schema: z.ZodType<Config>,
  { named, folder, env }: { named?: string | undefined; folder: string; env: Env },
): Configuration<Config> {
  const file = resolve(folder, named ?? DEFAULT_FILE);
  const existing = readConfigFile(file);
  if (existing === undefined && named !== undefined)
    throw new ConfigError([`there is no file ${named}, which --config names`]);
  const original = existing === undefined ? undefined : translateOriginal(existing, folder);
  const text =
    original?.text ??
    existing ??
    HEADER + writeDocument(schema, { access: { publishKey: makeSecret(), adminToken: makeSecret() } });
  const complete = withSecrets(loadConfig(schema, { file: { name: named ?? DEFAULT_FILE, text }, env }));
  if (original) return { ...complete, file, isFirstStart: false, warnings: original.warnings };
  if (existing !== undefined) return { ...complete, file, isFirstStart: false };
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
