import { concat, equalBytes, fromHex } from '../../../base/bytes.ts';
import { encodeUtf8 } from '../../../base/utf8.ts';

/** What the handshake needs from outside: HMAC-SHA256, and random bytes in new memory. */
export interface HandshakeCrypto {
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  random(count: number): Uint8Array;
}

/** One side's key. Its text alone signs C1 or S1; all of it makes the key of C2 or S2. */
interface DigestKey {
  readonly text: Uint8Array;
  readonly whole: Uint8Array;
}

/** Where in C1 or S1 the digest lies: in the second half (0) or in the first (1). */
type Schema = 0 | 1;

const BYTES = 1536;
const DIGEST_BYTES = 32;
const HALF = 764;
/** A half that holds a digest begins with four bytes, whose sum tells how far behind them it lies. */
const HALF_AT: Readonly<Record<Schema, number>> = { 0: 8 + HALF, 1: 8 };
const SPREAD = HALF - 4 - DIGEST_BYTES;

// Known to every implementation of the handshake, so they prove nothing but that one is spoken to.
const SALT = fromHex('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae');

/** The client's key: 30 bytes of text, 62 in all. */
export const CLIENT_KEY = digestKey('Genuine Adobe Flash Player 001');
/** The server's key: 36 bytes of text, 68 in all. */
export const SERVER_KEY = digestKey('Genuine Adobe Flash Media Server 001');

/** The digest of a C1 or S1 that was signed with `key`, and where it was; `undefined` if there is none. */
export function findDigest(
  crypto: HandshakeCrypto,
  key: DigestKey,
  bytes: Uint8Array,
): { schema: Schema; digest: Uint8Array } | undefined {
  for (const schema of [0, 1] as const) {
    const at = digestAt(bytes, schema);
    const digest = bytes.subarray(at, at + DIGEST_BYTES);
    if (equalBytes(digest, makeDigest(crypto, key, bytes, at))) return { schema, digest };
  }
  return undefined;
}

/** Puts its digest into a C1 or S1. */
export function signDigest(crypto: HandshakeCrypto, key: DigestKey, bytes: Uint8Array, schema: Schema): void {
  const at = digestAt(bytes, schema);
  bytes.set(makeDigest(crypto, key, bytes, at), at);
}

/** The S2 or C2 that answers the digest of the other side's first message. */
export function answerDigest(crypto: HandshakeCrypto, key: DigestKey, digest: Uint8Array): Uint8Array {
  const bytes = crypto.random(BYTES);
  const body = bytes.subarray(0, BYTES - DIGEST_BYTES);
  bytes.set(crypto.hmacSha256(crypto.hmacSha256(key.whole, digest), body), body.length);
  return bytes;
}

function digestKey(name: string): DigestKey {
  const text = encodeUtf8(name);
  return { text, whole: concat([text, SALT]) };
}

function digestAt(bytes: Uint8Array, schema: Schema): number {
  const at = HALF_AT[schema];
  const sum = bytes[at] + bytes[at + 1] + bytes[at + 2] + bytes[at + 3];
  return at + 4 + (sum % SPREAD);
}

/** The HMAC of all but the digest itself. */
function makeDigest(crypto: HandshakeCrypto, key: DigestKey, bytes: Uint8Array, at: number): Uint8Array {
  return crypto.hmacSha256(key.text, concat([bytes.subarray(0, at), bytes.subarray(at + DIGEST_BYTES)]));
}
