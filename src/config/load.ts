import type { z } from 'zod';
import { readEnvironment, type Setting } from './environment.ts';
import { describeIssue } from './problem.ts';
import { ConfigText } from './text.ts';

/** A tree of options, and where each stands. */
interface Tree {
  /** In memory of the caller's own. */
  value(): unknown;
  /** For people: `file:line`. */
  where(path: readonly PropertyKey[]): string;
}

/** Where options come from; what is absent sets nothing. */
export interface Sources {
  /** The configuration file: its name for messages, and its YAML. */
  readonly file?: { readonly name: string; readonly text: string };
  /** A file in another dialect, in the place of `file`. */
  readonly translated?: Tree;
  /** Of which the variables `HEADWATER_*` count; they win over the file. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The configuration is wrong; each problem is one line that names where it stands, the key, the value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The configuration that a schema makes of its sources, deeply frozen. Throws {@link ConfigError}. */
export function loadConfig<Schema extends z.ZodType>(schema: Schema, sources: Sources): z.output<Schema> {
  const tree = sources.translated ?? readText(sources.file);
  const environment = readEnvironment(schema, sources.env ?? {});
  const raw = tree.value();
  for (const setting of environment.settings) overlay(raw, setting);
  const result = schema.safeParse(raw);
  const issues = result.error?.issues ?? [];
  const context = { schema, raw, settings: environment.settings, tree };
  const problems = [...environment.problems, ...issues.flatMap((issue) => describeIssue(issue, context))];
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return deepFreeze(result.data);
}

function readText(file: Sources['file']): Tree {
  const text = new ConfigText(file?.name ?? '', file?.text ?? '');
  if (text.problems.length > 0) throw new ConfigError(text.problems);
  return text;
}

type Branch = Record<string, unknown>;

/** Sets one option; where the file has something else in the place of a section, that stays, as an error to be named. */
function overlay(raw: unknown, { path, value }: Setting): void {
  let branch = raw;
  for (const name of path.slice(0, -1)) {
    if (!isBranch(branch)) return;
    branch = branch[name] ??= {};
  }
  if (isBranch(branch)) branch[path.at(-1)!] = value;
}

function isBranch(value: unknown): value is Branch {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
