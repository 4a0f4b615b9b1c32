import type { ServerResponse } from 'node:http';
import { sendJson } from '../net/http.ts';

/** The numeric codes of SRS where it has one for the case; all other errors have their HTTP status for a code. */
export const SRS_CODE = { unauthorized: 100, noVhost: 2014, noStream: 2048, noClient: 2049 } as const;

/** The API says no: becomes an answer `{ code, error }` with the HTTP status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;

  /** `message` is told to the client. */
  constructor(status: number, message: string, code: number = status) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Sends an {@link ApiError} as the answer; throws on whatever else it is given. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  // RFC 9110, 15.5.2 asks for a challenge; no browser pops a dialog up at this one.
  if (error.status === 401) response.setHeader('www-authenticate', 'Bearer');
  sendJson(response, error.status, { code: error.code, error: error.message });
}
