import { RefusedError } from '../base/errors.ts';
import type { HubEvent } from '../hub/hub.ts';
import type { Session } from '../hub/session.ts';
import type { Stream } from '../hub/stream.ts';
import type { Context } from '../module.ts';
import { dial } from '../net/dial.ts';
import type { RouteReport } from '../net/routes.ts';
import { hostOf, placeOf, schemeOf } from '../net/server-url.ts';
import { Job } from './job.ts';
import type { ForwardRule } from './rule.ts';

/** Pushes every stream that fits a rule to where the rule says, as long as the stream lives. */
export class Forwarding {
  readonly #context: Context;
  readonly #rule: ForwardRule;
  readonly #jobs = new Map<Stream, { readonly job: Job; readonly wake: () => void }>();

  /** Begins with the streams that are there. */
  constructor(context: Context, rule: ForwardRule) {
    this.#context = context;
    this.#rule = rule;
    for (const stream of context.hub.streams) this.#consider(stream);
    context.hub.observe((event) => this.#observe(event));
    context.hub.want((path) => rule.fits(path));
  }

  *report(): Generator<RouteReport> {
    const { from, to } = this.#rule;
    for (const { job } of this.#jobs.values()) yield job.report();
    if (this.#jobs.size > 0) return;
    yield { from, to, path: undefined, state: 'waiting', session: undefined, reconnects: 0, reason: '' };
  }

  /** Resolves when nothing is pushed any more. */
  async stop(reason: Error): Promise<void> {
    await Promise.all(Array.from(this.#jobs.values(), ({ job }) => job.stop(reason)));
  }

  #observe({ type, stream }: HubEvent): void {
    const present = this.#jobs.get(stream);
    if (type === 'ended') present?.job.finish(new RefusedError('gone', 'the stream has ended'));
    else if (type === 'published' && present) present.wake();
    else if (type === 'published') this.#consider(stream);
  }

  /** What comes from another node or server is not ours, and would be kept for our sake; what another worker has, is. */
  #consider(stream: Stream): void {
    const { mirrored, publisher } = stream;
    const isForeign = mirrored ? !mirrored.isInner : publisher?.session.detail['origin'] !== undefined;
    if (isForeign || !this.#rule.fits(stream.path)) return;
    const push = new Push(this.#context, this.#rule, stream);
    const job = new Job(this.#context, push, () => this.#jobs.delete(stream));
    this.#jobs.set(stream, { job, wake: () => push.wake() });
  }
}

/** One stream on its way to one server. */
class Push {
  readonly from: string;
  readonly to: string;
  readonly path: string;
  readonly #context: Context;
  readonly #stream: Stream;
  readonly #url: string;
  #session: Session | undefined;
  /** Called when the stream is published again. */
  wake = () => {};

  constructor(context: Context, rule: ForwardRule, stream: Stream) {
    const { url, shown } = rule.target(stream.path);
    this.#context = context;
    this.#stream = stream;
    this.#url = url;
    this.path = stream.path;
    this.from = rule.from;
    this.to = shown;
  }

  session(): Session | undefined {
    return this.#session;
  }

  /** While its publisher is away there is nothing to push: the far end would only get its last pictures again. */
  async wanted(signal: AbortSignal): Promise<void> {
    while (!this.#stream.publisher && !signal.aborted) {
      const back = Promise.withResolvers<void>();
      const wake = () => back.resolve();
      this.wake = wake;
      signal.addEventListener('abort', wake);
      await back.promise;
      signal.removeEventListener('abort', wake);
    }
    await this.#context.hub.read(this.path, Number.POSITIVE_INFINITY, signal).catch(() => {});
  }

  attempt(signal: AbortSignal): Promise<unknown> {
    const { detail = {} } = this.#stream.publisher?.session ?? {};
    if (detail['source'] === placeOf(this.#url))
      return Promise.resolve(new RefusedError('forbidden', 'this is where the stream comes from'));
    const dialer = this.#context.dialers.find(schemeOf(this.#url))!;
    const peer = { protocol: dialer.protocol, remote: hostOf(this.#url) };
    return dial(this.#context, peer, signal, (serving) => {
      this.#session = serving.session;
      serving.session.detail['target'] = this.to;
      return dialer.push!(this.#url, this.#stream, serving);
    });
  }
}
