import { BlockList, isIP } from 'node:net';
import type { AddressRule } from '../config/address-rule.ts';
import type { AccessProvider } from './gate.ts';

/**
 * Addresses that may publish or play, and those that may not. A virtual host with rules of its own goes by these, all others by those
 * that name none. Nobody is let in by it: others may want a key. Other nodes are not asked after: they come with their own keys.
 */
export function addresses(rules: readonly AddressRule[]): AccessProvider {
  const byVhost = Map.groupBy(rules, ({ vhost }) => vhost);
  const tables = new Map([...byVhost].map(([vhost, own]) => [vhost, new Table(own)]));
  return async ({ action, path, remote, protocol }) => {
    if (action === 'admin' || action === 'connect' || path === undefined || (action === 'play' && protocol === 'relay'))
      return 'pass';
    const table = tables.get(path.slice(0, path.indexOf('/')).toLowerCase()) ?? tables.get('');
    return table && !table.lets(action, remote) ? { refuse: `this address may not ${action}` } : 'pass';
  };
}

/** As SRS has it: where anything is allowed, what is not allowed is refused; then what is denied is refused. */
class Table {
  readonly #allows: boolean;
  readonly #sets = new Map<string, AddressSet>();

  constructor(rules: readonly AddressRule[]) {
    this.#allows = rules.some(({ verdict }) => verdict === 'allow');
    for (const { verdict, action, network } of rules) this.#set(verdict, action).add(network);
  }

  lets(action: AddressRule['action'], remote: string): boolean {
    const isAllowed = !this.#allows || this.#set('allow', action).has(remote);
    return isAllowed && !this.#set('deny', action).has(remote);
  }

  #set(verdict: AddressRule['verdict'], action: AddressRule['action']): AddressSet {
    const key = `${verdict} ${action}`;
    const set = this.#sets.get(key) ?? new AddressSet();
    this.#sets.set(key, set);
    return set;
  }
}

class AddressSet {
  readonly #list = new BlockList();
  #isAll = false;

  add(network: AddressRule['network']): void {
    if (network === 'all') this.#isAll = true;
    else this.#list.addSubnet(network.address, network.prefix, familyOf(network.address));
  }

  /** An address of IPv4 is found by its name in IPv6, too. */
  has(address: string): boolean {
    return this.#isAll || (isIP(address) !== 0 && this.#list.check(address, familyOf(address)));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
