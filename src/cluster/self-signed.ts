import { createPublicKey } from 'node:crypto';
import { certify, makeKey, nodeIdOf } from './certificate.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;

/** A new key and a certificate signed with it, as PEM: for peers that check nothing, and for nothing else. */
export function selfSigned(): { readonly cert: string; readonly key: string } {
  const key = makeKey();
  const publicKey = createPublicKey(key);
  const id = nodeIdOf(publicKey);
  const [from, until] = [new Date(Date.now() - DAY_MS), new Date(Date.now() + YEAR_MS)];
  return { key, cert: certify({ id, publicKey, usage: 'server', from, until }, { name: id, key }) };
}
