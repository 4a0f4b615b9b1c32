import { DEFAULT_VHOST } from '../../hub/path.ts';
import type { Translation } from '../translation.ts';
import { feature, type Place } from './rules.ts';

const OPTION = 'access.addresses';

/** From where one may publish and play. */
export const security = feature({ allow: placeRule, deny: placeRule }, (place) => {
  const { directive, vhost, to } = place;
  // Without any rule it lets nobody in.
  const isEmpty = !directive.block?.some(({ name }) => name === 'allow' || name === 'deny');
  if (isEmpty) addForAll('deny', vhost, { to, where: directive.where });
});

/** Rules of the default virtual host hold for all others, too: those that have none let everybody in, as in SRS. */
export function openVhost(vhost: string, { to, where }: { readonly to: Translation; readonly where: string }): void {
  const rules = (to.get(OPTION) ?? []) as string[];
  if (rules.length > 0 && !rules.some((rule) => rule.endsWith(suffix(vhost)))) addForAll('allow', vhost, { to, where });
}

function placeRule({ directive: { name, args, where }, vhost, to }: Place): void {
  to.add(OPTION, `${name} ${args.join(' ')}${suffix(vhost)}`, where);
}

function addForAll(
  verdict: 'allow' | 'deny',
  vhost: string,
  { to, where }: { readonly to: Translation; readonly where: string },
): void {
  for (const action of ['publish', 'play']) to.add(OPTION, `${verdict} ${action} all${suffix(vhost)}`, where);
}

function suffix(vhost: string): string {
  return vhost === DEFAULT_VHOST ? '' : ` vhost=${vhost}`;
}
