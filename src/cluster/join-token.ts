import { RefusedError } from '../base/errors.ts';

/** What a join token says. */
export interface JoinToken {
  /** SHA-256 of the authority's certificate in DER. */
  readonly fingerprint: Uint8Array;
  readonly secret: string;
}

const PREFIX = 'hwj1.';
const [FINGERPRINT_BYTES, SECRET_BYTES] = [32, 16];

/** The token as it is shown to operators: `hwj1.` and, in base64url, the fingerprint and the secret of 16 bytes. */
export function writeJoinToken({ fingerprint, secret }: JoinToken): string {
  return PREFIX + Buffer.concat([fingerprint, Buffer.from(secret, 'base64url')]).toString('base64url');
}

/** Reads what an operator pasted. Throws a {@link RefusedError} when it is no token. */
export function readJoinToken(text: string): JoinToken {
  const bytes = Buffer.from(text.trim().slice(PREFIX.length), 'base64url');
  if (!text.trim().startsWith(PREFIX) || bytes.length !== FINGERPRINT_BYTES + SECRET_BYTES) {
    throw new RefusedError('forbidden', `this is no join token: it begins with ${PREFIX} and has 69 characters`);
  }
  return {
    fingerprint: bytes.subarray(0, FINGERPRINT_BYTES),
    secret: bytes.subarray(FINGERPRINT_BYTES).toString('base64url'),
  };
}
