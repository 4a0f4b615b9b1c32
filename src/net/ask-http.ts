import { get, type IncomingMessage } from 'node:http';

/** How an HTTP server is asked. */
export interface Asking {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** How long the whole answer may take, in milliseconds. */
  readonly patience: number;
  /** How many bytes it may have. */
  readonly largest: number;
}

/**
 * The text that another server answers to a GET of an `http://` URL, whatever its status; redirects are not followed. Rejects when
 * there is no whole answer in time, or it is too large.
 */
export function askHttp(url: string, { signal, patience, largest }: Asking): Promise<string> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(ending.aborted && !signal.aborted ? new Error(`no answer within ${patience} ms`) : error);
    const request = get(url, { agent: false, signal: ending });
    request.on('error', fail);
    request.on('response', (response) => void readText(response, largest).then(resolve, fail));
  });
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
