import { amfObject } from '../../container/flv/amf0.ts';
import { DEFAULT_VHOST } from '../../hub/path.ts';
import type { Context } from '../../module.ts';
import type { Whereabouts } from '../../net/locators.ts';
import { authority } from '../../net/server-url.ts';
import type { Status } from './wire/reply.ts';
import type { Target } from './wire/url.ts';

/** By this parameter a player says that it goes where it is sent. */
const ASKS = ['redirect', '302'] as const;

/**
 * Where a player is sent instead of being played to: to another node where this one is being emptied, and to where the stream is, if it
 * is not here and the player may be sent.
 */
export async function placeElsewhere(
  context: Context,
  { host, query }: Target,
  path: string,
): Promise<Whereabouts | undefined> {
  const { config, hub, locators, siblings } = context;
  const other = otherNode(context, 'play', path);
  if (other) return other;
  const { redirect } = config.cluster;
  const isSent = redirect === 'always' || (redirect === 'asked' && query.get(ASKS[0]) === ASKS[1]);
  const isHere = hub.find(path)?.lineup !== undefined || siblings.ownerOf(path) !== undefined;
  return isSent && !isHere ? locators.find(path, host) : undefined;
}

/** Another node, where this one is being emptied. */
export function otherNode({ dispatch }: Context, role: 'play' | 'publish', path: string): Whereabouts | undefined {
  const url = dispatch.elsewhere('rtmp', role, path);
  if (url === undefined) return undefined;
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** What sends a player elsewhere, as SRS says it: `redirect` is the application there, and `redirect2` the stream. */
export function redirection({ vhost, app, name, param }: Target, place: Whereabouts): Status {
  const server = `rtmp://${authority(place)}/${app}`;
  const isNamed = vhost === DEFAULT_VHOST || /[?&](?:vhost|domain)=/.test(param);
  const named = isNamed ? param : `${param}${param === '' ? '?' : '&'}vhost=${vhost}`;
  const ex = amfObject({
    code: 302,
    redirect: vhost === DEFAULT_VHOST ? server : `${server}?vhost=${vhost}`,
    redirect2: `${server}/${name}${named}`,
  });
  return { level: 'error', code: 'NetConnection.Connect.Rejected', description: 'RTMP 302 Redirect', extra: { ex } };
}
