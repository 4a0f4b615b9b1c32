import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { bare, commentOf, isSecret, optionsOf, schemaAt } from './schema.ts';

/** An option as the program has it, in the words of the file. */
export interface RunningOption {
  /** Such as `rtmp.listen`. */
  readonly name: string;
  /** A secret is `***`, and empty where it is not set. */
  readonly value: string;
  readonly fallback: string;
  readonly isDefault: boolean;
  readonly comment: string;
}

/** What stands for nothing, in the types that have a word for it. */
const WORDS = ['off', 'auto', 'memory'];

/** All options of a schema, with what `config` has for them. No secret is shown. */
export function describeRunning(schema: z.core.$ZodType, config: unknown): RunningOption[] {
  return Array.from(optionsOf(schema), ({ path, type }) => {
    const present = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], config);
    const fallback: unknown = (type as z.ZodType).parse(undefined);
    return {
      name: path.join('.'),
      value: flow(writeValue(type, present)),
      fallback: flow(writeValue(type, fallback)),
      isDefault: isDeepStrictEqual(present ?? undefined, fallback),
      comment: commentOf(type),
    };
  });
}

function flow(value: unknown): string {
  if (typeof value === 'string') return value;
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, defaultStringType: 'PLAIN' }).trimEnd();
}

function writeValue(type: z.core.$ZodType, value: unknown): unknown {
  const plain = bare(type).type as z.ZodType;
  // Between processes what is undefined is lost, or null.
  if (value === undefined || value === null) return WORDS.find((word) => isNothing(plain, word)) ?? '';
  if (isSecret(type)) return value === '' ? '' : '***';
  const write = plain.meta()?.['write'] as ((value: unknown) => string) | undefined;
  if (write) return write(value);
  if (Array.isArray(value)) return value.map((each) => writeValue(schemaAt(type, ['0'])!, each));
  return typeof value === 'object' ? writeObject(type, value) : value;
}

function isNothing(type: z.ZodType, word: string): boolean {
  const { success, data } = type.safeParse(word);
  return success && data === undefined;
}

/** An address, or a group of options. */
function writeObject(type: z.core.$ZodType, value: object): unknown {
  if ('port' in value || 'host' in value) return writeAddress(value as Address);
  const members = Object.entries(value).map(([name, each]) => [name, writeMember(schemaAt(type, [name]), each)]);
  return Object.fromEntries(members);
}

/** What the schema does not tell of may be anything: it is not shown. */
function writeMember(type: z.core.$ZodType | undefined, value: unknown): unknown {
  return type ? writeValue(type, value) : '***';
}

interface Address {
  readonly host?: string;
  readonly port?: number;
}

function writeAddress({ host = '', port }: Address): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? bracketed : `${bracketed}:${port}`;
}
