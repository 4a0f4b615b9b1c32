import { MILLISECOND } from '../base/clock.ts';
import type { NodeFront } from '../net/cluster.ts';
import type { BoundAddress } from '../net/listen.ts';
import { authority } from '../net/server-url.ts';
import type { DispatchOptions } from './options.ts';

/** What of the section `hls` makes players late, in microseconds. */
export interface HlsTimes {
  readonly part: number;
  readonly segment: number;
}

/** What of the section `relay` does; the latency is undefined for auto. */
export interface RelayTimes {
  readonly latency?: number | undefined;
  readonly origins: readonly unknown[];
}

/** Where a node listens, by purpose. */
export type Addresses = Readonly<Record<string, BoundAddress | undefined>>;

/** How many parts or segments an HLS player keeps away from the newest one (HLS, 4.4.3.8). */
const HELD_BACK = 3;
/** What is taken for the latency of the relay where that is found out by itself, in milliseconds. */
const USUAL_RELAY = 500;

/** How late each protocol is that is served here, in milliseconds. */
export function protocolsOf({ http, https, rtmp }: Addresses, { part, segment }: HlsTimes): NodeFront['protocols'] {
  const web = { 'http-flv': 0, 'ws-flv': 0, 'll-hls': part, hls: segment };
  const delays = Object.entries(web).map(([name, held]) => [name, (HELD_BACK * held) / MILLISECOND]);
  return { ...(http || https ? Object.fromEntries(delays) : {}), ...(rtmp && { rtmp: 0 }) };
}

/** How late what is fetched is, in milliseconds. */
export function relayedOf({ latency }: RelayTimes): number {
  return latency === undefined ? USUAL_RELAY : latency / MILLISECOND;
}

/** Where a node is reached: as it is configured, else at `host`. Without either there is no scheme and host: the server that is asked. */
export function placeOf(
  { url }: Pick<DispatchOptions, 'url'>,
  { http, https, rtmp }: Addresses,
  host: string | undefined,
): { http?: string | undefined; rtmp?: string | undefined } {
  const name = url === undefined ? host : new URL(url).hostname.replace(/^\[|\]$/g, '');
  const at = (scheme: string, { port }: BoundAddress) => `${scheme}://${authority({ host: name!, port })}`;
  if (name === undefined) return {};
  const own = http ? at('http', http) : https && at('https', https);
  return { http: url ?? own, rtmp: rtmp && at('rtmp', rtmp) };
}
