import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Addresses that the internet does not route (RFC 1918, 3927, 4193, 4291, 6598). */
const INNER = new BlockList();
const IPV4 = {
  '10.0.0.0': 8,
  '100.64.0.0': 10,
  '127.0.0.0': 8,
  '169.254.0.0': 16,
  '172.16.0.0': 12,
  '192.168.0.0': 16,
};
const IPV6 = { '::1': 128, 'fc00::': 7, 'fe80::': 10 };
for (const [net, bits] of Object.entries(IPV4)) INNER.addSubnet(net, bits);
for (const [net, bits] of Object.entries(IPV6)) INNER.addSubnet(net, bits, 'ipv6');

/** Whether a network interface of this machine has an address that the internet routes. */
export function isPublicInterface(name: string): boolean {
  return (networkInterfaces()[name] ?? []).some(({ address, family }) => !isInner(address, family));
}

/** Whether an IP address is this machine's, this link's or a private network's. */
export function isInner(address: string, family: 'IPv4' | 'IPv6'): boolean {
  return INNER.check(address, family === 'IPv4' ? 'ipv4' : 'ipv6');
}
