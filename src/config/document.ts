import { stringify } from 'yaml';
import type { z } from 'zod';
import { bare, commentOf, membersOf } from './schema.ts';

/** Values by section and name that stand in a document instead of the defaults. */
export interface Values {
  readonly [name: string]: unknown;
}

/** The YAML of a schema: every option with its default, or its value of `values`, below one line of comment. */
export function writeDocument(schema: z.core.$ZodType, values: Values = {}): string {
  return members(schema, values, '').join('\n');
}

/** The same with those options alone that have a value. */
export function writeValues(schema: z.core.$ZodType, values: Values): string {
  return members(schema, values, '', (value) => value !== undefined).join('\n');
}

function members(
  schema: z.core.$ZodType,
  values: Values,
  indent: string,
  isShown: (value: unknown) => boolean = () => true,
): string[] {
  const entries = Object.entries(membersOf(schema) ?? {}).filter(([name]) => isShown(values[name]));
  return entries.flatMap(([name, type], i) => [
    ...(indent === '' && i > 0 ? [''] : []),
    ...(commentOf(type) === '' ? [] : [`${indent}# ${commentOf(type)}`]),
    ...member(name, type, values[name], indent, isShown),
  ]);
}

function member(
  name: string,
  type: z.core.$ZodType,
  value: unknown,
  indent: string,
  isShown: (value: unknown) => boolean,
): string[] {
  if (membersOf(type)) return [`${indent}${name}:`, ...members(type, (value ?? {}) as Values, `${indent}  `, isShown)];
  const chosen = value ?? bare(type).fallback ?? null;
  const flow = stringify(chosen, { collectionStyle: 'flow', lineWidth: 0, defaultStringType: 'PLAIN' }).trimEnd();
  return [`${indent}${name}: ${flow}`];
}
