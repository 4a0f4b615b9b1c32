import { RefusedError } from '../base/errors.ts';

/** What somebody wants to do. */
export type Action = 'publish' | 'play' | 'admin';

/** Who wants to do what. */
export interface AccessRequest {
  readonly action: Action;
  /** `vhost/app/name`; absent for `admin`. */
  readonly path?: string;
  /** The peer's IP address, without port. */
  readonly remote: string;
  /** The decoded parameters of the URL or stream name. */
  readonly query: ReadonlyMap<string, string>;
  /** Lower-case names, where the protocol is HTTP. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly protocol: string;
  /** The ids of the servers that asked for their own clients before this one was asked. */
  readonly via?: string;
  /** Whether a publisher is passed on to an origin, which decides: here it is enough that nobody refuses. */
  readonly originDecides?: boolean;
  /** The short id of the session that asks. */
  readonly session: string;
}

/** A provider's answer; `pass` leaves the decision to the next one, `refuse` is the reason that the peer is told. */
export type Verdict = 'allow' | 'pass' | { readonly refuse: string };

/** One way to decide. It stops when `signal` aborts; one that throws or is late counts as a refusal. */
export type AccessProvider = (request: AccessRequest, signal: AbortSignal) => Promise<Verdict>;

/** What the {@link AccessGate} can be told beyond its providers. */
export interface GateSettings {
  /** How long all providers together may take, in milliseconds. */
  readonly deadline?: number;
  /** Is told what made a provider fail; the peer is not. */
  readonly warn?: (fields: { session: string; error: unknown }, message: string) => void;
}

const DEADLINE = 2_000;

/** The one gate that every ingest and egress asks before it says yes. */
export class AccessGate {
  readonly #providers: AccessProvider[];
  readonly #settings: GateSettings;

  /** Providers are asked in this order until one decides. When all pass, only `play` is allowed, and what an origin decides. */
  constructor(providers: readonly AccessProvider[], settings: GateSettings = {}) {
    this.#providers = [...providers];
    this.#settings = settings;
  }

  /** Has one more asked, behind the others. */
  add(provider: AccessProvider): void {
    this.#providers.push(provider);
  }

  /** Returns when the request is granted; throws {@link RefusedError} `forbidden` when it is not, or when nobody decided in time. */
  async may(request: AccessRequest): Promise<void> {
    const verdict = await this.#inTime(request);
    const isOpen = request.action === 'play' || request.originDecides === true;
    if (verdict === 'allow' || (verdict === 'pass' && isOpen)) return;
    throw new RefusedError('forbidden', verdict === 'pass' ? `nothing allows to ${request.action}` : verdict.refuse);
  }

  async #inTime(request: AccessRequest): Promise<Verdict> {
    const { deadline = DEADLINE, warn } = this.#settings;
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no decision within ${deadline} ms`)), deadline);
    try {
      return await Promise.race([this.#ask(request, abort.signal), late.promise]);
    } catch (error) {
      warn?.({ session: request.session, error }, 'access could not be decided');
      return { refuse: 'access could not be decided' };
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  async #ask(request: AccessRequest, signal: AbortSignal): Promise<Verdict> {
    for (const provider of this.#providers) {
      const verdict = await provider(request, signal);
      if (verdict !== 'pass') return verdict;
      if (signal.aborted) break;
    }
    return 'pass';
  }
}
