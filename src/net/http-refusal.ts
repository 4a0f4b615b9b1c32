import { ProtocolError, type RefusalCode, RefusedError } from '../base/errors.ts';

/** An error as it is told to the peer. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | number>>;
}

const STATUS: Record<RefusalCode, number> = {
  'not-found': 404,
  busy: 409,
  forbidden: 403,
  limit: 503,
  'too-large': 413,
  timeout: 408,
  unsupported: 415,
  gone: 410,
  changed: 410,
  kicked: 403,
  shutdown: 503,
};

/** The answer to a request that failed: a {@link RefusedError} has its own status, a broken rule 400, anything else is 500 and tells nothing. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedError) return refusal(STATUS[error.code], error.code, error.message);
  if (error instanceof ProtocolError) return refusal(400, 'protocol', error.message);
  return refusal(500, 'internal', 'the server failed; its log says why');
}

function refusal(status: number, code: string, message: string): Refusal {
  return { status, ...jsonOf({ code, error: message }) };
}

/** A value as the body of an answer, and the headers that belong to it. */
export function jsonOf(value: unknown): Omit<Refusal, 'status'> {
  const body = JSON.stringify(value);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  };
  return { body, headers };
}
