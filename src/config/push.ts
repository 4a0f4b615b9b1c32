import { isIP } from 'node:net';
import { z } from 'zod';
import {
  duration,
  integer,
  list,
  listen,
  option,
  section,
  streamPattern,
  text,
  type Value,
  value,
  WRONG,
} from './values.ts';

/** Where packets are sent: an IP address, of a multicast group or of a machine. */
export interface PushAddress {
  /** As the system writes it. */
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([\d.]+)):(\d{1,5})$/;
const IPV4_GROUP = /^2(?:2[4-9]|3\d)\./;

/** Whether an IP address is that of a multicast group (RFC 5771: 224.0.0.0/4; RFC 4291, 2.7: ff00::/8). */
export function isGroup(host: string): boolean {
  return isIP(host) === 6 ? /^ff/i.test(host) : IPV4_GROUP.test(host);
}

function pushAddress(): Value<PushAddress, string> {
  const allowed = 'an IP address with a port, such as 239.255.0.1:5222, [ff15::5222]:5222 or 192.0.2.7:5222';
  return value<PushAddress, string>(allowed, (raw) => {
    const match = typeof raw === 'string' ? ADDRESS.exec(raw) : null;
    const [host, port] = [match?.[1] ?? match?.[2] ?? '', Number(match?.[3])];
    const isRight = isIP(host) === (match?.[1] === undefined ? 4 : 6) && port >= 1 && port <= 65_535;
    return isRight ? { host: plainAddress(host), port } : WRONG;
  });
}

/** An IP address as the system writes it: those of IPv6 have many spellings. */
function plainAddress(host: string): string {
  return isIP(host) === 6 ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host;
}

const rule = z.strictObject({
  paths: list(streamPattern()).describe('The streams, such as [live/*]; * is any name, ** any path.'),
  to: list(pushAddress()).describe('Where their packets are sent: multicast groups and addresses of edges.'),
  latency: option(duration('0s', '30s'), '500ms', 'The least relay.latency of edges that take them there.'),
});

/** Which streams are pushed where. */
export type PushRule = z.output<typeof rule>;

/** The options of `relay` that have packets go once to many edges, or to an address that is known before. */
export const pushOptions = {
  push: option(
    list(rule),
    [],
    'At an origin: where packets go once for all edges that hear them there, as [{paths: [live/*], to: ["239.255.0.1:5222"]}, …].',
  ),
  pushListen: option(
    listen(),
    'off',
    'At an edge: the UDP address that relay.push of an origin names, such as :5222, or off; groups need none.',
  ),
  multicast: section('How multicast leaves an origin, and where an edge joins groups.', {
    interface: option(
      text(),
      '',
      'The network interface, by name or address; empty: by the routes, at an edge that to the origin; off: an edge joins none.',
    ),
    hops: option(integer(1, 255), 1, 'How many networks it may pass.'),
  }),
};
