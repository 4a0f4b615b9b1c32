import { parse } from 'yaml';
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { kindOf, optionsOf } from './schema.ts';

const PREFIX = 'HEADWATER_';
/** What Kubernetes sets in every container for a service that is named like the beginning of our variables. */
export const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** An option that an environment variable sets. */
export interface Setting {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The variables that set options, and a line for each that is wrong. */
export interface Environment {
  readonly settings: readonly Setting[];
  readonly problems: readonly string[];
}

/** The variable that sets an option: `rtmp.chunkSize` is `HEADWATER_RTMP_CHUNK_SIZE`. */
export function variableOf(path: readonly string[]): string {
  return PREFIX + path.map((name) => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()).join('_');
}

/** Reads all `HEADWATER_*` variables by the options of a schema. */
export function readEnvironment(
  schema: z.core.$ZodType,
  env: Readonly<Record<string, string | undefined>>,
): Environment {
  const known = new Map(Array.from(optionsOf(schema), (option) => [variableOf(option.path), option]));
  const settings: Setting[] = [];
  const problems: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const option = known.get(variable);
    if (option) settings.push({ variable, path: option.path, value: valueFrom(option.type, text) });
    else if (!SERVICE_LINK.test(variable)) problems.push(unknownVariable(variable, [...known.keys()]));
  }
  return { settings, problems };
}

/** Lists stand between commas, everything with structure as YAML in one line; all else is left to the option's own type. */
function valueFrom(type: z.core.$ZodType, text: string): unknown {
  const kind = kindOf(type);
  const isFlow = text.trimStart().startsWith(kind === 'array' ? '[' : '{');
  if ((kind === 'array' || kind === 'record') && isFlow) return parseFlow(text);
  if (kind !== 'array') return text;
  return text.trim() === '' ? [] : text.split(',').map((element) => element.trim());
}

/** What cannot be parsed stays text, and the option's type says what is allowed. */
function parseFlow(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

function unknownVariable(variable: string, known: readonly string[]): string {
  const meant = nearest(variable, known);
  return `${variable} in the environment sets no option${meant ? `; did you mean ${meant}?` : ''}`;
}
