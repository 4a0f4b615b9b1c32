import { type LookupAddress, promises } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

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

const lookups = new Map<string, Promise<LookupAddress[]>>();

/**
 * All who ask for a host at the same time look it up once: a lookup has a thread of the few that disks need too, and does not end before it
 * is answered, though nobody waits for that any more.
 */
const lookUp: LookupFunction = (host, { all, ...options }, callback) => {
  const key = `${host} ${options.family ?? 0}`;
  const present = lookups.get(key);
  const found = present ?? promises.lookup(host, { ...options, all: true });
  if (!present) {
    lookups.set(key, found);
    const forget = () => lookups.delete(key);
    found.then(forget, forget);
  }
  found.then(
    (addresses) => (all ? callback(null, addresses) : callback(null, addresses[0]!.address, addresses[0]!.family)),
    (error: NodeJS.ErrnoException) => callback(error, ''),
  );
};

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
    const method = body ? 'POST' : 'GET';
    const options = { method, agent: false, lookup: lookUp, signal: ending, ...(headers && { headers }) };
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
