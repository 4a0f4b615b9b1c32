import type { Clock } from '../base/clock.ts';
import { parsePath } from '../hub/path.ts';
import type { Session } from '../hub/session.ts';
import { streamId, vhostId } from '../net/identity.ts';
import { streamUrl, tcUrl } from '../net/stream-url.ts';
import type { Kbps, Rates } from './rates.ts';

/** One who publishes or plays, as the API shows it. */
export interface ClientReport {
  readonly id: string;
  readonly vhost: string;
  readonly stream: string;
  readonly ip: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
  readonly tcUrl: string;
  readonly url: string;
  readonly name: string;
  readonly type: string;
  readonly publish: boolean;
  /** In seconds. */
  readonly alive: number;
  readonly send_bytes: number;
  readonly recv_bytes: number;
  readonly kbps: Kbps;
}

/** A session that has said what it wants. */
export type Client = Session & { readonly path: string; readonly role: 'publish' | 'play' };

/** What SRS calls them; others are called by their protocol. */
const TYPES: Readonly<Record<string, string>> = {
  'rtmp publish': 'fmle-publish',
  'http-flv play': 'flv-play',
};

/** What the API calls those who publish or play by a protocol. */
export function clientType(protocol: string, role: 'publish' | 'play'): string {
  return TYPES[`${protocol} ${role}`] ?? `${protocol}-${role}`;
}

/** Whether somebody from outside this node has said what it wants. */
export function isClient(session: Session): session is Client {
  return session.path !== undefined && session.role !== undefined && !session.isInner;
}

/** A client as the API shows it. */
export function reportClient(client: Client, rates: Rates, clock: Clock): ClientReport {
  const { id, path, role, protocol, remote, since, detail, bytesIn, bytesOut } = client;
  const { vhost, name } = parsePath(path);
  return {
    id,
    vhost: vhostId(vhost),
    stream: streamId(path),
    ip: remote,
    pageUrl: detail.pageUrl ?? '',
    swfUrl: detail.swfUrl ?? '',
    tcUrl: tcUrl(path, client),
    url: streamUrl(path),
    name,
    type: clientType(protocol, role),
    publish: role === 'publish',
    alive: Math.round((clock.wall() - since) / 1000) / 1000,
    send_bytes: bytesOut,
    recv_bytes: bytesIn,
    kbps: rates.of([since, client]),
  };
}
