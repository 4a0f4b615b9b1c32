import { KEY_PARAMETER } from '../access/publish-key.ts';
import type { UpstreamAddress } from '../config/options.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { hostOf, schemeOf } from '../net/server-url.ts';
import type { Taker } from '../net/takers.ts';
import { serverAt, urlOf } from './server.ts';

/** What says where a stream is, and who is heard: of no use to another server. */
const OURS: ReadonlySet<string> = new Set(['vhost', 'domain', 'role']);
/** What signatures hold bare, and may be compared as it stands. */
const BARE = /%(?:2B|2F|2C|3A|3D|40)/g;

/** A server of another kind as one to which what is published here can go; undefined where its protocol has no way to. */
export function takerAt({ dialers, config }: Context, address: UpstreamAddress, path: StreamPath): Taker | undefined {
  const { protocol, carry, ask } = dialers.find(schemeOf(address.url)) ?? {};
  if (protocol === undefined || !carry || !ask) return undefined;
  const isPassed = (name: string) => !OURS.has(name) && (config.relay.traverse || name !== KEY_PARAMETER);
  const urlFor = (query: ReadonlyMap<string, string>) =>
    withQuery(
      urlOf(address.url, path),
      [...query].filter(([name]) => isPassed(name)),
    );
  return {
    ...{ name: serverAt(address, false).name, protocol, remote: hostOf(address.url), recognizes: false },
    take: (cargo, serving) => carry(urlFor(cargo.wish.query), cargo, serving),
    ask: ({ query }, signal) => ask(urlFor(query), signal),
  };
}

/** A URL with parameters more; what it says itself of one of them stands. */
function withQuery(url: string, query: readonly (readonly [string, string])[]): string {
  const own = new URLSearchParams(/\?(.*)$/.exec(url)?.[1]);
  const more = query.filter(([name]) => !own.has(name)).map(([name, value]) => `${escape(name)}=${escape(value)}`);
  return more.length === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${more.join('&')}`;
}

function escape(text: string): string {
  return encodeURIComponent(text).replaceAll(BARE, (escaped) => decodeURIComponent(escaped));
}
