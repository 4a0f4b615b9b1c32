import { MILLISECOND } from '../base/clock.ts';
import type { NodeFront } from '../net/cluster.ts';
import type { BoundAddress } from '../net/listen.ts';
import { authority } from '../net/server-url.ts';

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

/** Where a node is reached by HTTP and RTMP, as URLs without a path; absent where it is not. */
export interface Place {
  readonly http?: string | undefined;
  readonly rtmp?: string | undefined;
}

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

/**
 * Where a node is reached: as it is configured, else at `host`; nobody knows where without either. What is no URL is as good as nothing:
 * other nodes say what they are, and an address may be of use on its own machine alone (`fe80::1%eth0`).
 */
export function placeOf({ url, ports }: Pick<NodeFront, 'url' | 'ports'>, host: string | undefined): Place {
  const name = url === undefined ? host : URL.parse(url)?.hostname.replace(/^\[|\]$/g, '');
  const at = (purpose: keyof NodeFront['ports']) => {
    const port = ports[purpose];
    return port === undefined || name === undefined
      ? undefined
      : sound(`${purpose}://${authority({ host: name, port })}`);
  };
  return { http: sound(url) ?? at('http') ?? at('https'), rtmp: at('rtmp') };
}

function sound(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? url : undefined;
}
