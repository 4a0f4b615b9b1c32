import { DEFAULT_VHOST } from '../../hub/path.ts';
import { SERVICE_LINK } from '../environment.ts';
import type { Rules } from './rules.ts';
import { serverRules } from './server.ts';
import type { Directive } from './syntax.ts';
import { vhost } from './vhost.ts';

/** A configuration after its environment, and the variables that mean nothing. */
export interface Overlaid {
  readonly root: readonly Directive[];
  readonly warnings: readonly string[];
}

const PREFIX = 'SRS_';

/** Sets directives from the variables `SRS_*`, which win: `SRS_HTTP_API_LISTEN` is `http_api.listen`, `SRS_VHOST_…` holds for all virtual hosts. */
export function overlayEnvironment(
  root: readonly Directive[],
  env: Readonly<Record<string, string | undefined>>,
): Overlaid {
  const warnings: string[] = [];
  let all = root;
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined || SERVICE_LINK.test(variable)) continue;
    const path = pathOf(variable.slice(PREFIX.length), { ...serverRules, vhost });
    if (!path) warnings.push(`${variable} in the environment: no directive is known by this name`);
    else all = path[0] === 'vhost' ? inVhosts(all, path.slice(1), variable, text) : put(all, path, variable, text);
  }
  return { root: all, warnings };
}

/** The directive that a variable names; undefined where there is none. */
function pathOf(name: string, rules: Rules): string[] | undefined {
  for (const [directive, { rules: inner }] of Object.entries(rules)) {
    // Directives that begin with srs_ are named with and without a second SRS_.
    for (const key of [directive, directive.replace(/^srs_/, '')].map((each) => each.toUpperCase())) {
      if (name === key && !inner) return [directive];
      if (!inner || !name.startsWith(`${key}_`)) continue;
      const rest = name.slice(key.length + 1);
      const path = inner === 'any' ? [rest.toLowerCase()] : pathOf(rest, inner);
      if (path) return [directive, ...path];
    }
  }
  return undefined;
}

function inVhosts(root: readonly Directive[], path: readonly string[], variable: string, text: string): Directive[] {
  const hasAny = root.some(({ name }) => name === 'vhost');
  const where = whereOf(variable);
  const all = hasAny ? root : [...root, { name: 'vhost', args: [DEFAULT_VHOST], block: [], where }];
  return all.map((directive) =>
    directive.name === 'vhost' ? { ...directive, block: put(directive.block ?? [], path, variable, text) } : directive,
  );
}

/** Replaces or adds a directive, and the blocks around it. */
function put(block: readonly Directive[], path: readonly string[], variable: string, text: string): Directive[] {
  const [name, ...rest] = path;
  const present = block.find((directive) => directive.name === name);
  const where = whereOf(variable);
  const changed: Directive =
    rest.length === 0
      ? { name: name!, args: text.split(' ').filter((word) => word !== ''), block: undefined, where }
      : { args: [], where, ...present, name: name!, block: put(present?.block ?? [], rest, variable, text) };
  return present ? block.map((directive) => (directive === present ? changed : directive)) : [...block, changed];
}

function whereOf(variable: string): string {
  return `${variable} in the environment`;
}
