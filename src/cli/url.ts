import { networkInterfaces } from 'node:os';
import type { BoundAddress } from '../net/listen.ts';

const USUAL_PORTS: Readonly<Record<string, number>> = { rtmp: 1935, rtmps: 443, http: 80, https: 443, headwater: 4242 };
const ANY_HOST = new Set(['', '0.0.0.0', '::']);

/** The URL of a listener, without path; one that is bound to all addresses is reached at `machine`. */
export function baseUrl(scheme: string, { host, port }: BoundAddress, machine: string): string {
  const name = ANY_HOST.has(host) ? machine : host;
  const literal = name.includes(':') ? `[${name}]` : name;
  return `${scheme}://${literal}${port === USUAL_PORTS[scheme] ? '' : `:${port}`}`;
}

/** The first IPv4 address by which others reach this machine, else `localhost`. */
export function machineAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost';
}
