import { listenError } from '../listen.ts';

/** TLS alerts that tell an operator something (RFC 8446, 6). */
const ALERTS: Readonly<Record<number, string>> = {
  40: 'no common parameters',
  42: 'the certificate does not fit the name',
  45: 'the certificate has expired',
  46: 'the certificate is not accepted',
  48: 'the certificate is not from the expected authority',
  116: 'a certificate is required',
  120: 'no common protocol (ALPN)',
};
/** A connection that TLS ended is closed with this plus the number of the alert (RFC 9001, 4.8). */
const CRYPTO_ERROR = 0x100;

/** How a connection ended, as the library tells it. */
export interface CloseInfo {
  readonly errorCode?: number;
  readonly reason?: string;
}

/** A connection's end in plain words. */
export function closeError({ errorCode = 0, reason = '' }: CloseInfo = {}): Error {
  const alert = errorCode > CRYPTO_ERROR && errorCode < 2 * CRYPTO_ERROR ? errorCode - CRYPTO_ERROR : undefined;
  if (alert !== undefined) return new Error(`QUIC refused: ${ALERTS[alert] ?? `TLS alert ${alert}`}`);
  if (errorCode === 0) return new Error(`QUIC connection closed${reason && `: ${reason}`}`);
  return new Error(`QUIC connection failed: ${reason || `error ${errorCode}`}`);
}

/** Why a UDP port cannot be had, in one plain sentence. */
export function bindError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  return listenError(error, `${host}:${port} (UDP)`);
}
