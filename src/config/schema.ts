import type { z } from 'zod';

/** A schema without its default, and the default as it stands in a file. */
export interface Bare {
  readonly type: z.core.$ZodType;
  readonly fallback: unknown;
}

/** One option of a schema. */
export interface Option {
  readonly path: readonly string[];
  readonly type: z.core.$ZodType;
}

type Definition = {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly defaultValue?: unknown;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
};

function definition(type: z.core.$ZodType): Definition {
  return type._zod.def as unknown as Definition;
}

/** Takes default, optional and the like off a schema. */
export function bare(type: z.core.$ZodType): Bare {
  let fallback: unknown;
  let inner: z.core.$ZodType | undefined = type;
  for (let next: z.core.$ZodType | undefined = type; next; next = definition(next).innerType) {
    fallback ??= definition(next).defaultValue;
    inner = next;
  }
  return { type: inner, fallback };
}

/** What kind of value a schema describes, in zod's words: `object`, `array`, `record`, … */
export function kindOf(type: z.core.$ZodType): string {
  return definition(bare(type).type).type;
}

/** The members of a section by name; `undefined` for everything that is not a section. */
export function membersOf(type: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  return definition(bare(type).type).shape;
}

/** The comment that describes a section or option. */
export function commentOf(type: z.core.$ZodType): string {
  return (type as z.ZodType).description ?? '';
}

/** Whether no message may show the option's value. */
export function isSecret(type: z.core.$ZodType): boolean {
  return (bare(type).type as z.ZodType).meta()?.['secret'] === true;
}

/** The schema at a path of names and list positions, if the schema has one there. */
export function schemaAt(type: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = type;
  for (const name of path) {
    if (!at) return undefined;
    const { shape, element, valueType } = definition(bare(at).type);
    at = shape ? shape[String(name)] : (element ?? valueType);
  }
  return at;
}

/** Every option of a schema, in its order, sections unfolded. */
export function* optionsOf(type: z.core.$ZodType, path: readonly string[] = []): Generator<Option> {
  const members = membersOf(type);
  if (!members) return yield { path, type };
  for (const [name, member] of Object.entries(members)) yield* optionsOf(member, [...path, name]);
}
