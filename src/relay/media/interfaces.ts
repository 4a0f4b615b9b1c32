import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * A network interface as multicast sockets want it: one of its addresses for IPv4, its scope (`::%eth0`) for IPv6. `by` is its
 * name or any of its addresses. Throws an `Error` in one plain sentence when there is none such.
 */
export function multicastInterface(by: string, family: 4 | 6): string {
  const [wanted] = by.split('%') as [string];
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    if (name !== by && !addresses.some(({ address }) => address === wanted)) continue;
    if (family === 6) return `::%${name}`;
    const found = addresses.find(
      ({ address }) => isIP(address) === 4 && (name === by || isIP(wanted) === 6 || address === wanted),
    );
    if (found) return found.address;
  }
  throw new Error(`no network interface ${by} with an address of IPv${family}`);
}

/** The addresses by which other machines reach this one. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address);
}
