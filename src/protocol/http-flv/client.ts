import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Decoder } from '../../base/decoder.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import { FlvIntake } from '../../container/flv/intake.ts';
import { type FlvTag, readFlv } from '../../container/flv/tag.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { Publisher } from '../../hub/publisher.ts';
import type { Context } from '../../module.ts';
import type { Demand, Dialer } from '../../net/dialers.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import { watchSilence } from '../../net/silence.ts';

/** How often a server may send us on to another one. */
const MOST_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const WEB = /^https?:$/;

/** Fetches streams as FLV by HTTP. */
export function httpFlvDialer(context: Context): Dialer {
  return {
    protocol: 'http-flv',
    async pull(url, path, serving, demand) {
      const stopping = new AbortController();
      const signal = AbortSignal.any([serving.signal, stopping.signal]);
      const stop = (reason: Error) => stopping.abort(reason);
      const intake = new Intake(context, { serving, path, demand }, stop);
      try {
        for await (const piece of await open(context, url, { signal, demand })) await intake.take(piece as Uint8Array);
        throw new Departure('the server ended the stream');
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        intake.close();
        stopping.abort(new Departure('the pull is over'));
      }
    },
  };
}

/** How a server is asked. */
interface Asking {
  readonly signal: AbortSignal;
  readonly demand: Demand | undefined;
}

/** What is to be pulled, and where to. */
interface Errand {
  readonly path: StreamPath;
  readonly serving: Serving;
  readonly demand: Demand | undefined;
}

/** The answer of the server that has the stream. */
async function open(context: Context, url: string, how: Asking): Promise<IncomingMessage> {
  let target = new URL(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await ask(context, target, how);
    const { statusCode = 0, headers } = answer;
    if (statusCode === 200) return answer;
    answer.destroy();
    if (statusCode === 404) throw new RefusedError('not-found', 'the server answers 404');
    if (!REDIRECTS.has(statusCode) || !headers.location) throw new Departure(`the server answers ${statusCode}`);
    target = redirected(target, headers.location);
  }
  throw new Departure(`redirected more than ${MOST_REDIRECTS} times`);
}

/** What is encrypted stays so. */
function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from);
  if (!to || !WEB.test(to.protocol)) throw new ProtocolError('the server redirects to no URL of HTTP');
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new ProtocolError('the server redirects to a URL that is not encrypted');
  return to;
}

/** Resolves to the head of the answer. Whatever goes wrong from then on ends the reading of its body. */
function ask({ config, clock, dialers }: Context, url: URL, { signal, demand }: Asking): Promise<IncomingMessage> {
  const { handshake, command } = config.limits;
  return new Promise((resolve, reject) => {
    const headers = { accept: 'video/x-flv', via: `1.1 ${dialers.via()}`, ...(demand && { prefer: 'wait=0' }) };
    const options = { agent: false, signal, headers };
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options);
    const late = new RefusedError('timeout', 'the server took too long to answer');
    const cancel = clock.after(handshake + command, () => request.destroy(late));
    request.once('response', (answer) => {
      cancel();
      resolve(answer);
    });
    request.on('error', (error) => {
      cancel();
      reject(error === late ? late : new Departure(`the connection broke: ${error.message}`));
    });
    request.end();
  });
}

/** What comes from elsewhere: a stream of ours, from its first tag of media on. */
class Intake {
  readonly #context: Context;
  readonly #errand: Errand;
  readonly #stop: (reason: Error) => void;
  readonly #decoder = new Decoder(readFlv());
  /** What came before the first tag of media. */
  #metadata: FlvTag | undefined;
  #intake: FlvIntake | undefined;
  #publisher: Publisher | undefined;
  #unwatch: () => void;

  /** `stop` is told when nothing comes for too long. */
  constructor(context: Context, errand: Errand, stop: (reason: Error) => void) {
    this.#context = context;
    this.#errand = errand;
    this.#stop = stop;
    const { firstFrameTimeout } = context.config.publish;
    const late = () => stop(new RefusedError('timeout', 'no frame came in time'));
    this.#unwatch = context.clock.after(firstFrameTimeout, late);
  }

  /** Takes the next bytes. Rejects when they are malformed. */
  async take(piece: Uint8Array): Promise<void> {
    this.#errand.serving.session.bytesIn += piece.length;
    this.#decoder.push(piece);
    for (let tag = this.#decoder.next(); tag; tag = this.#decoder.next()) {
      if (this.#intake) this.#intake.write(tag.type, tag.timestamp, tag.body);
      else if (tag.type === 'script') this.#metadata = tag;
      else await this.#begin(tag);
    }
  }

  close(): void {
    this.#unwatch();
    this.#publisher?.close(false);
  }

  async #begin(first: FlvTag): Promise<void> {
    const { hub, clock, config } = this.#context;
    const { path, serving, demand } = this.#errand;
    const { session, signal, log } = serving;
    this.#unwatch();
    serving.begin('publish', path);
    const publisher = await hub.publish(path, session, signal, demand?.role, { isFetched: true });
    const intake = new FlvIntake(publisher, session.detail, (message) => log.warn({ path }, message));
    this.#publisher = publisher;
    this.#intake = intake;
    this.#unwatch = watchSilence(publisher, () => intake.hasMedia, config.publish, clock, this.#stop);
    for (const tag of [this.#metadata, first]) if (tag) intake.write(tag.type, tag.timestamp, tag.body);
  }
}
