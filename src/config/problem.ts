import type { z } from 'zod';
import type { Setting } from './environment.ts';
import { nearest } from './nearest.ts';
import { isSecret, membersOf, schemaAt } from './schema.ts';

/** What an error line is made from. */
export interface Context {
  readonly schema: z.core.$ZodType;
  /** What was checked: file and environment together. */
  readonly raw: unknown;
  readonly settings: readonly Setting[];
  readonly tree: { where(path: Path): string };
}

type Path = readonly PropertyKey[];

const LONGEST_VALUE = 60;
const KINDS: Readonly<Record<string, string>> = {
  object: 'a group of options',
  array: 'a list',
  record: 'a group of names and values',
};

/** One line for each thing that is wrong: where it stands, the key, the value, what is allowed. */
export function describeIssue(issue: z.core.$ZodIssue, context: Context): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...issue.path, key], context));
  const allowed = issue.code === 'invalid_type' ? (KINDS[issue.expected] ?? issue.expected) : issue.message;
  return [`${origin(issue.path, context)}: ${keyOf(issue.path)}${shown(issue.path, context)}; allowed is ${allowed}`];
}

function unknownKey(path: Path, context: Context): string {
  const section = schemaAt(context.schema, path.slice(0, -1));
  const names = Object.keys((section && membersOf(section)) ?? {});
  const meant = nearest(String(path.at(-1)), names);
  const hint = meant ? `did you mean ${keyOf([...path.slice(0, -1), meant])}?` : `allowed are ${names.join(', ')}`;
  return `${origin(path, context)}: ${keyOf(path)} is no option; ${hint}`;
}

function origin(path: Path, { settings, tree }: Context): string {
  const setting = settings.find((candidate) => candidate.path.every((name, i) => name === path[i]));
  return setting ? `${setting.variable} in the environment` : tree.where(path);
}

function shown(path: Path, { schema, raw }: Context): string {
  const type = schemaAt(schema, path);
  if (type && isSecret(type)) return ': its value is not allowed';
  const value = path.reduce<unknown>((at, name) => (at as Record<PropertyKey, unknown> | undefined)?.[name], raw);
  return value === undefined ? ' is missing' : `: ${brief(value)} is not allowed`;
}

/** What has members is named by its kind: a member may be secret. */
function brief(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? KINDS['array']! : KINDS['object']!;
  const text = JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function keyOf(path: Path): string {
  return path.length === 0 ? 'the whole file' : path.join('.');
}
