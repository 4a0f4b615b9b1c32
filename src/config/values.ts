import { z } from 'zod';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { isPattern } from '../hub/patterns.ts';

/** Handed back by the parser of a {@link value} for what it does not allow. */
export const WRONG: unique symbol = Symbol('wrong');

/** A type of option: `Out` is what the program reads, `In` what may stand in the file. */
export type Value<Out, In = Out> = z.ZodType<Out, In>;

/** An option's type from a parser; `allowed` completes the sentence "allowed is …" of the error line. */
export function value<Out, In = Out>(allowed: string, parse: (raw: unknown) => Out | typeof WRONG): Value<Out, In> {
  const type = z.unknown().transform((raw, context) => {
    const parsed = parse(raw);
    if (parsed !== WRONG) return parsed;
    context.issues.push({ code: 'custom', message: allowed, input: raw });
    return z.NEVER;
  });
  return type as unknown as Value<Out, In>;
}

/** A type of which `write` makes what stands in the file again; what is neither text nor number needs it. */
export function written<Out, In>(type: Value<Out, In>, write: (value: Out & {}) => string): Value<Out, In> {
  return type.meta({ ...type.meta(), write });
}

/** One option: its type, its default as it stands in the file, and its one line of comment. */
export function option<Out, In>(
  type: Value<Out, In>,
  fallback: NoInfer<In>,
  comment: string,
): z.ZodPrefault<Value<Out, In>> {
  return type.prefault(fallback as never).describe(comment);
}

/** A group of options under one name, or of groups; it may be left out of the file. */
export function section<Shape extends z.core.$ZodShape>(
  comment: string,
  shape: Shape,
): z.ZodPrefault<z.ZodObject<Shape, z.core.$strict>> {
  return z
    .strictObject(shape)
    .prefault({} as never)
    .describe(comment);
}

/** Text; an empty one counts as none where the option says so. */
export function text(): Value<string> {
  return value('text (in quotes where it looks like a number)', (raw) => (typeof raw === 'string' ? raw : WRONG));
}

/** Text that no message of ours may show. */
export function secret(): Value<string> {
  return text().meta({ secret: true });
}

/** `true` or `false`. */
export function flag(): Value<boolean> {
  return value('true or false', (raw) => {
    if (typeof raw === 'boolean') return raw;
    return raw === 'true' ? true : raw === 'false' ? false : WRONG;
  });
}

/** One word of a list. */
export function oneOf<const Word extends string>(...words: Word[]): Value<Word> {
  // YAML 1.1 editors like to turn a bare off into false: it is read as the word.
  const spelling = (raw: unknown) => (raw === false && words.includes('off' as Word) ? 'off' : raw);
  return value(`one of ${words.join(', ')}`, (raw) => words.find((word) => word === spelling(raw)) ?? WRONG);
}

/** A whole number within both limits. */
export function integer(least: number, most: number): Value<number> {
  return value(`a whole number from ${least} to ${most}`, (raw) => {
    const number = typeof raw === 'string' && /^-?\d{1,15}$/.test(raw) ? Number(raw) : raw;
    return Number.isSafeInteger(number) && within(number as number, least, most) ? (number as number) : WRONG;
  });
}

const TIME_UNITS = { ms: MILLISECOND, s: SECOND, m: 60 * SECOND, h: 3600 * SECOND, d: 86_400 * SECOND };
const SIZE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** A duration with its unit (`350ms`, `1.5s`, `10m`, `1h`, `7d`; a bare 0 needs none) in whole microseconds. */
export function duration(least = '0s', most = '365d'): Value<number, string | 0> {
  const [from, to] = [least, most].map((limit) => quantity(limit, TIME_UNITS));
  const type = value<number, string | 0>(
    `a time with its unit, such as 350ms, 5s, 10m or 1h, from ${least} to ${most}`,
    (raw) => {
      const microseconds = quantity(raw, TIME_UNITS);
      return within(microseconds, from!, to!) ? microseconds : WRONG;
    },
  );
  return written(type, writeDuration);
}

/** A size with its unit (`512KiB`, `32MiB`, `1GiB`; a bare number is bytes) in bytes. */
export function size(least = '0B', most = '1024GiB'): Value<number, string | number> {
  const [from, to] = [least, most].map((limit) => quantity(limit, SIZE_UNITS));
  const type = value<number, string | number>(
    `a size with its unit, such as 512KiB, 32MiB or 1GiB, from ${least} to ${most}`,
    (raw) => {
      const bytes = Number.isSafeInteger(raw) ? (raw as number) : quantity(raw, SIZE_UNITS);
      return within(bytes, from!, to!) ? bytes : WRONG;
    },
  );
  return written(type, (bytes) => inUnits(bytes, SIZE_UNITS));
}

/** A duration as it stands in the file. */
export function writeDuration(microseconds: number): string {
  return inUnits(microseconds, TIME_UNITS);
}

/** In the largest unit in which it is a short number. */
function inUnits(amount: number, units: Readonly<Record<string, number>>): string {
  const [smallest, ...others] = Object.entries(units);
  const fits = ([, size]: [string, number]) => amount !== 0 && Number.isInteger((amount * 10) / size) && amount >= size;
  const [name, size] = others.findLast(fits) ?? smallest!;
  return `${amount / size}${name}`;
}

/** The number of base units of `<number><unit>`, rounded; NaN when it is not of this form. */
function quantity(raw: unknown, units: Record<string, number>): number {
  if (raw === 0 || raw === '0') return 0;
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?([a-zA-Z]+)$/.exec(typeof raw === 'string' ? raw : '');
  return match ? Math.round(Number(match[1]) * (units[match[2]!] ?? Number.NaN)) : Number.NaN;
}

function within(number: number, least: number, most: number): boolean {
  return number >= least && number <= most;
}

/** Where to listen; without `host` on all addresses, IPv6 and IPv4. Port 0 is any that is free. */
export interface ListenAddress {
  readonly host?: string;
  readonly port: number;
}

/** An address to listen on (`:1935`, `127.0.0.1:8080`, `[::1]:80`), `undefined` for `off`. */
export function listen(): Value<ListenAddress | undefined, string> {
  const allowed = 'an address such as :1935, 127.0.0.1:8080 or [::1]:8080 with a port up to 65535, or off';
  return value(allowed, parseListen);
}

function parseListen(raw: unknown): ListenAddress | undefined | typeof WRONG {
  if (raw === 'off' || raw === false) return undefined;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(typeof raw === 'string' ? raw : '');
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return WRONG;
  const host = match[1] ?? match[2];
  return host ? { host, port } : { port };
}

/** A list; in an environment variable its elements stand between commas. */
export function list<Out, In>(of: Value<Out, In>): Value<Out[], In[]> {
  return z.array(of) as unknown as Value<Out[], In[]>;
}

/** A pattern of streams: see {@link isPattern}. */
export function streamPattern(): Value<string> {
  const allowed = 'a path such as live/movie or live/*, made of A-Z a-z 0-9 . _ ~ - / *';
  return value(allowed, (raw) => (typeof raw === 'string' && isPattern(raw) ? raw : WRONG));
}
