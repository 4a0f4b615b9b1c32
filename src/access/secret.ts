import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new random secret of 128 bits, fit for URLs. */
export function makeSecret(): string {
  return randomBytes(16).toString('base64url');
}

/** Whether both are the same text, in a time that tells nothing of where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
