import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_VHOST } from '../../hub/path.ts';
import { Translation } from '../translation.ts';
import { placeHttp } from './http.ts';
import { apply } from './rules.ts';
import { openVhost } from './security.ts';
import { placeLog, serverRules } from './server.ts';
import type { Directive } from './syntax.ts';
import { vhost as vhostRule } from './vhost.ts';

/** Options that hold what every virtual host adds to; all others have one value for all. */
const SHARED = new Set(['routes', 'record.paths', 'access.addresses', 'callbacks.rules']);

const NO_KEY = 'publishers from elsewhere need the key access.publishKey, which SRS did not ask for; see docs/srs.md';

/** A configuration of SRS in our terms; `name` is that of its file. Throws `ConfigError` where it cannot be read. */
export function translateDirectives(name: string, root: readonly Directive[]): Translation {
  const to = new Translation('SRS', name);
  const all = { ...serverRules, vhost: () => {} };
  apply(all, root, { key: '', to, vhost: '' });
  placeHttp(root, to);
  placeLog(root, to);
  placeVhosts(
    root.filter((directive) => directive.name === 'vhost'),
    to,
  );
  if (to.get('access.publishers') !== 'callbacks') to.warnings.unshift(NO_KEY);
  return to;
}

/** What is set for the default virtual host, or the first one, holds for all: where others want something else is told. */
function placeVhosts(vhosts: readonly Directive[], to: Translation): void {
  const main = vhosts.find(({ args }) => args[0] === DEFAULT_VHOST) ?? vhosts[0];
  if (!main) return;
  const its = translateVhost(main, to);
  to.take(its, its.options);
  for (const other of vhosts) {
    if (nameOf(other) !== DEFAULT_VHOST) to.add('vhosts', nameOf(other), other.where);
    if (other !== main) placeOther(other, nameOf(main), its, to);
  }
  for (const vhost of vhosts) if (nameOf(vhost) !== DEFAULT_VHOST) openVhost(nameOf(vhost), { to, where: vhost.where });
}

function placeOther(other: Directive, main: string, its: Translation, to: Translation): void {
  const own = translateVhost(other, to);
  to.take(
    own,
    own.options.filter((option) => SHARED.has(option)),
  );
  const single = (options: readonly string[]) => options.filter((option) => !SHARED.has(option));
  for (const option of single(own.options)) {
    if (isDeepStrictEqual(own.get(option), its.get(option))) continue;
    to.warnings.push(`${own.where([option])}: ${option} of vhost ${nameOf(other)}: it is as vhost ${main} has it`);
  }
  const left = single(its.options).filter((option) => own.get(option) === undefined);
  if (left.length > 0)
    to.warnings.push(`${other.where}: vhost ${nameOf(other)}: ${left.join(', ')}: as vhost ${main} has it`);
}

function translateVhost(directive: Directive, { dialect, warnings }: Translation): Translation {
  const own = new Translation(dialect, directive.where);
  vhostRule({ directive, key: '', to: own, vhost: nameOf(directive) });
  warnings.push(...own.warnings);
  return own;
}

function nameOf({ args }: Directive): string {
  return args[0] ?? DEFAULT_VHOST;
}
