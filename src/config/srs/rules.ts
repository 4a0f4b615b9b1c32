import { DEFAULT_VHOST } from '../../hub/path.ts';
import { ConfigError } from '../load.ts';
import type { Translation } from '../translation.ts';
import type { Directive } from './syntax.ts';

/** Where one directive stands, and what takes what becomes of it. */
export interface Place {
  readonly directive: Directive;
  /** Its name with those of the blocks around it, for people: `http_api.listen`. */
  readonly key: string;
  readonly to: Translation;
  /** The virtual host around it; empty outside of them. */
  readonly vhost: string;
}

/** What becomes of a directive. */
export interface Rule {
  (place: Place): void;
  /** Of a block: those for what is in it; `any` where it makes no difference what that is. */
  readonly rules?: Rules | 'any';
}

/** What becomes of the directives of a file or block, by name. */
export interface Rules {
  readonly [name: string]: Rule;
}

/** What may stand more than once. Of all else the first one counts, as in SRS. */
const REPEATABLE = new Set(['vhost', 'stream_caster', 'ingest', 'transcode', 'engine', 'allow', 'deny']);

/** Hands every directive to the rule of its name; what has none is named. */
export function apply(rules: Rules, directives: readonly Directive[], around: Omit<Place, 'directive'>): void {
  const seen = new Set<string>();
  for (const directive of directives) {
    const { name } = directive;
    const place = { ...around, directive, key: around.key === '' ? name : `${around.key}.${name}` };
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (seen.has(name) && !REPEATABLE.has(name)) warn(place, 'it stands here a second time: the first one counts');
    else if (rule) rule(place);
    else warn(place, 'this directive is not known');
    seen.add(name);
  }
}

/** The first argument; empty where there is none. */
export function first({ directive }: Place): string {
  return directive.args[0] ?? '';
}

/** Whether a directive's first argument is `on`; SRS takes all else for `off`. */
export function isOn(directive: Directive | undefined): boolean {
  return directive?.args[0] === 'on';
}

/** Whether a block says that it is enabled. */
export function isEnabled(block: Directive | undefined): boolean {
  return isOn(find(block, 'enabled'));
}

/** The first directive of a name in a block. */
export function find(block: Directive | undefined, name: string): Directive | undefined {
  return block?.block?.find((directive) => directive.name === name);
}

/** Tells that a directive means nothing here, or something else. */
export function warn({ directive, key, to, vhost }: Place, why: string): void {
  const owner = vhost === '' || vhost === DEFAULT_VHOST ? '' : ` of vhost ${vhost}`;
  to.warnings.push(`${directive.where}: ${key}${owner}: ${why}`);
}

/** Sets an option. */
export function set({ directive, to }: Place, option: string, value: unknown): void {
  to.set(option, value, directive.where);
}

/** What is not to be read as it stands. */
export function wrong({ directive, key }: Place, what: string): ConfigError {
  return new ConfigError([
    `${directive.where}: ${key}: ${JSON.stringify(directive.args.join(' ').slice(0, 60))} ${what}`,
  ]);
}

/** Done elsewhere, or the same here. */
export const nothing: Rule = () => {};

/** Means nothing here; told unless it is said with the arguments that ask for nothing. */
export function without(why: string, ...harmless: readonly string[]): Rule {
  return (place) => {
    if (!harmless.includes(place.directive.args.join(' '))) warn(place, why);
  };
}

/** A block of which everything counts; `whole` sees to what is in it together. */
export function block(rules: Rules, whole: (place: Place) => void = nothing): Rule {
  const rule = (place: Place) => {
    const { directive, ...around } = place;
    apply(rules, directive.block ?? [], around);
    whole(place);
  };
  return Object.assign(rule, { rules });
}

/** The same for one that counts where it is enabled, which it is not by itself. */
export function feature(rules: Rules, whole?: (place: Place) => void): Rule {
  const enabled = block({ enabled: nothing, ...rules }, whole);
  const rule = (place: Place) => {
    if (isEnabled(place.directive)) enabled(place);
  };
  return Object.assign(rule, { rules: enabled.rules! });
}

/** The same for what is always there, which is told where it is switched off. */
export function always(why: string, rules: Rules, whole?: (place: Place) => void): Rule {
  const enabled = feature(rules, whole);
  const rule = (place: Place) => {
    if (find(place.directive, 'enabled') && !isEnabled(place.directive)) warn(place, why);
    else enabled(place);
  };
  return Object.assign(rule, { rules: enabled.rules! });
}

/** A block that means nothing here, told in one line where it is enabled; some are so `byItself`. */
export function missing(why: string, byItself: 'byItself' | '' = ''): Rule {
  const rule = (place: Place) => {
    const said = find(place.directive, 'enabled');
    if (said ? isOn(said) : byItself) warn(place, why);
  };
  return Object.assign(rule, { rules: 'any' as const });
}

/** What an option takes, and how SRS counts. */
export interface Quantity {
  readonly unit: 's' | 'ms' | '';
  readonly least: number;
  readonly most: number;
}

/** A number that becomes an option, put within what that takes. */
export function quantity(option: string, limits: Quantity): Rule {
  return (place) => set(place, option, within(place, option, limits));
}

/** The value of an option as near to a directive's number as it can be. */
export function within(place: Place, option: string, { unit, least, most }: Quantity): string | number {
  const asked = number(place);
  const chosen = Math.min(Math.max(asked, least), most);
  if (chosen !== asked) warn(place, `${option} takes ${least}${unit} to ${most}${unit}: it is ${chosen}${unit}`);
  return unit === '' ? Math.round(chosen) : `${chosen}${unit}`;
}

/** A directive's number. Throws when it has none. */
export function number(place: Place): number {
  if (!/^\d{1,12}(?:\.\d{1,6})?$/.test(first(place))) throw wrong(place, 'is no number');
  return Number(first(place));
}

const ADDRESS = /^(?:(\[[\da-fA-F:.]+\]|[\w.-]*):)?(\d{1,5})$/;

/** An address to listen on, `[host:]port`, as it stands in our options. Throws where it is none. */
export function address(place: Place, text = first(place)): string {
  const [, host = '', port] = ADDRESS.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) throw wrong(place, 'is no port or host:port');
  return `${host}:${Number(port)}`;
}
