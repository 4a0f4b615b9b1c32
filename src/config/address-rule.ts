import { isIP } from 'node:net';
import { type Value, value, WRONG, written } from './values.ts';

/** Lets addresses in, or keeps them out: those of a network (an address alone is one of its own), or all. */
export interface AddressRule {
  readonly verdict: 'allow' | 'deny';
  readonly action: 'publish' | 'play';
  readonly network: { readonly address: string; readonly prefix: number } | 'all';
  /** In lower case; empty for all virtual hosts that have no rules of their own. */
  readonly vhost: string;
}

const RULE =
  /^\s*(allow|deny)\s+(publish|play)\s+(?:(all)|([\da-fA-F:.]{2,45})(?:\/(\d{1,3}))?)(?:\s+vhost=([\w.-]{1,128}))?\s*$/;
const BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** A rule as it stands in the file: `allow publish 10.0.0.0/8`, with `vhost=example.com` behind it for that virtual host alone. */
export function addressRule(): Value<AddressRule, string> {
  const allowed =
    'such as "allow publish 10.0.0.0/8" or "deny play all": allow or deny, publish or play, an address, a network or all, and vhost=NAME if it is for one alone';
  return written(
    value<AddressRule, string>(allowed, (raw) => (typeof raw === 'string' && readRule(raw)) || WRONG),
    writeRule,
  );
}

function readRule(text: string): AddressRule | undefined {
  const [, verdict, action, all, address = '', length, vhost = ''] = RULE.exec(text) ?? [];
  const bits = BITS[isIP(address)];
  const prefix = length === undefined ? bits : Number(length);
  if (!all && (bits === undefined || prefix === undefined || prefix > bits)) return undefined;
  return {
    verdict: verdict as AddressRule['verdict'],
    action: action as AddressRule['action'],
    network: all ? 'all' : { address, prefix: prefix! },
    vhost: vhost.toLowerCase(),
  };
}

function writeRule({ verdict, action, network, vhost }: AddressRule): string {
  const who = network === 'all' ? network : writeNetwork(network);
  return `${verdict} ${action} ${who}${vhost === '' ? '' : ` vhost=${vhost}`}`;
}

function writeNetwork({ address, prefix }: AddressRule['network'] & object): string {
  return prefix === BITS[isIP(address)] ? address : `${address}/${prefix}`;
}
