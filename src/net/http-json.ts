import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What is asked of an HTTP server. */
export interface HttpQuestion {
  readonly url: string;
  /** Sent as JSON by POST; absent it is a GET. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** How long the whole answer may take, in milliseconds. */
  readonly timeout: number;
}

/** What it answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A longer answer is none that we would understand. */
const LARGEST_ANSWER = 64 * 1024;

/** Asks an HTTP server. Rejects when there is no whole answer in time, or it is larger than 64 KiB; redirects are not followed. */
export function askHttp({ url, body, signal, timeout }: HttpQuestion): Promise<HttpAnswer> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {};
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(until.aborted && !signal.aborted ? new Error(`no answer within ${timeout} ms`) : error);
    const request = send(url, { method: payload ? 'POST' : 'GET', agent: false, signal: until, headers });
    request.on('error', fail);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on('error', fail);
      response.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > LARGEST_ANSWER) request.destroy(new Error(`an answer of more than ${LARGEST_ANSWER} bytes`));
        else pieces.push(piece);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }));
      response.on('close', () => fail(new Error('the answer breaks off')));
    });
    request.end(payload);
  });
}

/** The JSON of an answer; undefined where it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
