import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { ProtocolError } from '../base/errors.ts';
import { bitString, byteString, integer, oid, sequence, setOf, tagged, time, utf8String, yes } from './der.ts';

/** Who signs: a certificate and its private key, as PEM texts. */
export interface Authority {
  /** The node's id, which is the authority's name as well. */
  readonly name: string;
  readonly key: string;
}

/** What a certificate is for: listening, dialling, or signing others. */
type Usage = 'server' | 'client' | 'authority';

/** What a certificate says. */
export interface Claims {
  readonly id: string;
  readonly publicKey: KeyObject;
  readonly usage: Usage;
  readonly from: Date;
  readonly until: Date;
}

const DIGITS_OF_ID = 20;
/** The longest public key that is looked at, in characters of PEM; one on P-256 has 178. */
const LONGEST_KEY = 512;
const CURVE = 'prime256v1';
const SERIAL_BYTES = 16;

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  names: '2.5.29.17',
  constraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** A new private key on P-256, as PEM. */
export function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The public key of a private one in PEM, as PEM. */
export function publicPem(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** A peer's public key. Throws a {@link ProtocolError} unless it is one on P-256. */
export function readPublicKey(pem: string): KeyObject {
  try {
    if (pem.length > LONGEST_KEY || !pem.startsWith('-----BEGIN PUBLIC KEY-----')) throw new Error('not a public key');
    const key = createPublicKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve !== CURVE) throw new Error('not on P-256');
    return key;
  } catch (error) {
    throw new ProtocolError(`unusable public key: ${(error as Error).message}`);
  }
}

/** The id of the node that has a key: the beginning of its SHA-256, in hexadecimal digits. */
export function nodeIdOf(publicKey: KeyObject): string {
  return createHash('sha256').update(spki(publicKey)).digest('hex').slice(0, DIGITS_OF_ID);
}

/** The name in a node's certificate that TLS checks. It is never looked up. */
export function serverNameOf(id: string): string {
  return `${id}.headwater.internal`;
}

/** A certificate (RFC 5280, 4.1), as PEM: X.509 version 3, signed with ECDSA over SHA-256. */
export function certify(claims: Claims, authority: Authority): string {
  const signer = createPrivateKey(authority.key);
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const content = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(randomBytes(SERIAL_BYTES)),
    algorithm,
    nameOf(authority.name),
    sequence(time(claims.from), time(claims.until)),
    nameOf(claims.id),
    spki(claims.publicKey),
    tagged(0xa3, sequence(...extensions(claims, createPublicKey(signer)))),
  );
  return toPem(sequence(content, algorithm, bitString(sign('sha256', content, signer))));
}

function extensions({ id, publicKey, usage }: Claims, signer: KeyObject): Uint8Array[] {
  const keys = [
    extension(OID.subjectKey, byteString(keyIdentifier(publicKey))),
    extension(OID.authorityKey, sequence(tagged(0x80, keyIdentifier(signer)))),
  ];
  if (usage === 'authority')
    return [...keys, critical(OID.constraints, sequence(yes(), integer(Uint8Array.of(0)))), keyUsage(5)];
  const purpose = oid(usage === 'server' ? OID.serverAuth : OID.clientAuth);
  const names = sequence(tagged(0x82, new TextEncoder().encode(serverNameOf(id))));
  return [...keys, keyUsage(0), extension(OID.extendedUsage, sequence(purpose)), extension(OID.names, names)];
}

/** By the number of the bit: 0 signs in handshakes, 5 signs certificates (RFC 5280, 4.2.1.3). */
function keyUsage(bit: 0 | 5): Uint8Array {
  return critical(OID.keyUsage, bitString(Uint8Array.of(0x80 >> bit), 7 - bit));
}

function extension(id: string, value: Uint8Array): Uint8Array {
  return sequence(oid(id), byteString(value));
}

function critical(id: string, value: Uint8Array): Uint8Array {
  return sequence(oid(id), yes(), byteString(value));
}

function nameOf(name: string): Uint8Array {
  return sequence(setOf(sequence(oid(OID.commonName), utf8String(name))));
}

function spki(publicKey: KeyObject): Uint8Array {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Any 20 bytes that differ from key to key will do (RFC 7093, 2). */
function keyIdentifier(publicKey: KeyObject): Uint8Array {
  return createHash('sha256').update(spki(publicKey)).digest().subarray(0, 20);
}

function toPem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
