import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** How an HTTP server is asked. */
export interface Asking {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** How long the whole answer may take, in milliseconds. */
  readonly patience: number;
  /** How many bytes it may have. */
  readonly largest: number;
  /** What is posted, as JSON; without it, it is a GET. */
  readonly json?: string;
  /** Whether the status is all that is wanted. */
  readonly isStatusEnough?: boolean;
}

/** What a server answers. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * What another server answers to a GET or POST of an `http://` or `https://` URL, whatever its status; redirects are not followed.
 * Rejects when there is no whole answer in time, or it is too large.
 */
export function callHttp(
  url: string,
  { signal, patience, largest, json, isStatusEnough }: Asking,
): Promise<HttpAnswer> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(ending.aborted && !signal.aborted ? new Error(`no answer within ${patience} ms`) : error);
    const body = json === undefined ? undefined : Buffer.from(json);
    const headers = body && { 'content-type': 'application/json', 'content-length': body.length };
    const options = { method: body ? 'POST' : 'GET', agent: false, signal: ending, ...(headers && { headers }) };
    const request = (/^https:/i.test(url) ? requestHttps : requestHttp)(url, options);
    request.on('error', fail);
    request.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      if (isStatusEnough) {
        response.destroy();
        return resolve({ status, text: '' });
      }
      void readText(response, largest).then((text) => resolve({ status, text }), fail);
    });
    request.end(body);
  });
}

/** The text alone of {@link callHttp}'s answer. */
export async function askHttp(url: string, asking: Asking): Promise<string> {
  return (await callHttp(url, asking)).text;
}

async function readText(response: IncomingMessage, largest: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > largest) throw new Error(`an answer of more than ${largest} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
