import { createHash, randomBytes } from 'node:crypto';
import { DEFAULT_VHOST, parsePath } from '../hub/path.ts';
import type { Line, LinesWish } from '../net/dispatch.ts';
import { authority } from '../net/server-url.ts';
import { type Candidate, hasStream, type Rooms } from './rank.ts';

/** The parameter of URLs by which a node knows who has come. */
export const TICKET = 'line';

const TICKET_BYTES = 12;
const FILE: Readonly<Record<string, string>> = {
  'http-flv': '.flv',
  'ws-flv': '.flv',
  'll-hls': '.m3u8',
  hls: '.m3u8',
};
/** What of it others are told, in decimal places. */
const ACCURACY = 1000;

/** What stands for a viewer of a stream: the same one whenever he asks. */
export function ticketOf({ viewer, path }: Pick<LinesWish, 'viewer' | 'path'>): string {
  if (viewer === '') return randomBytes(TICKET_BYTES).toString('base64url');
  return createHash('sha1').update(`${viewer}\0${path}`).digest().subarray(0, TICKET_BYTES).toString('base64url');
}

/** A line of a node; undefined where the node is not to be reached by that protocol. */
export function lineOf(
  candidate: Candidate,
  protocol: string,
  wish: LinesWish,
  ticket: string,
  rooms: Rooms,
): Line | undefined {
  const { id, name, role, front, owned, fetched, here } = candidate;
  const own = front.protocols[protocol];
  const url = own === undefined ? undefined : urlOf(candidate, protocol, wish, ticket);
  if (own === undefined || url === undefined) return undefined;
  // What nobody publishes may yet be published to an origin.
  const isRelayed = !owned.has(wish.path) && (role === 'edge' || fetched.has(wish.path));
  const probe = wish.probes[id] ?? 0;
  const { share = 0, cost = 0, reserved = 0 } = rooms.get(id) ?? {};
  return {
    ...{ id: `${id}/${protocol}`, node: id, region: front.region, protocol, url },
    name: here && !here.isNamed ? wish.host : name,
    delay_ms: Math.round(own + (isRelayed ? front.relayed : 0) + probe / 2),
    load: Math.round((share + cost * reserved) * ACCURACY) / ACCURACY,
    has_stream: hasStream(candidate, wish.path),
  };
}

function urlOf(candidate: Candidate, protocol: string, wish: LinesWish, ticket: string): string | undefined {
  const { vhost, app, name } = parsePath(wish.path);
  const query = [
    ...(vhost === DEFAULT_VHOST ? [] : [`vhost=${vhost}`]),
    ...(wish.query === '' ? [] : [wish.query]),
    ...(ticket === '' ? [] : [`${TICKET}=${ticket}`]),
  ].join('&');
  const base = protocol === 'rtmp' ? rtmpOf(candidate, wish) : candidate.here ? '' : candidate.place.http;
  if (base === undefined) return undefined;
  const scheme = protocol === 'ws-flv' ? base.replace(/^http/, 'ws') : base;
  return `${scheme}/${app}/${name}${FILE[protocol] ?? ''}${query === '' ? '' : `?${query}`}`;
}

function rtmpOf({ place, here }: Candidate, { host }: LinesWish): string | undefined {
  if (!here) return place.rtmp;
  const name = host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
  return here.rtmpPort === undefined ? undefined : `rtmp://${authority({ host: name, port: here.rtmpPort })}`;
}
