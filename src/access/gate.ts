import { RefusedError } from '../base/errors.ts';

/** What somebody wants to do. */
export type Action = 'connect' | 'publish' | 'play' | 'admin';

/** Who wants to do what. */
export interface AccessRequest {
  readonly action: Action;
  /** `vhost/app/name`; absent for `connect` and `admin`. */
  readonly path?: string;
  /** `vhost/app`, of one who connects. */
  readonly app?: string;
  /** The peer's IP address, without port. */
  readonly remote: string;
  /** The decoded parameters of the URL or stream name. */
  readonly query: ReadonlyMap<string, string>;
  /** The same as they came, with the `?` before them, where they came so. */
  readonly param?: string | undefined;
  /** The URL of the app, and that of the page of the player, as an RTMP client tells them. */
  readonly tcUrl?: string | undefined;
  readonly pageUrl?: string | undefined;
  /** Lower-case names, where the protocol is HTTP. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly protocol: string;
  /** The ids of the servers that asked for their own clients before this one was asked. */
  readonly via?: string;
  /** Whether a publisher is passed on to an origin, which decides: here it is enough that nobody refuses. */
  readonly originDecides?: boolean;
  /** Whether he is only told where to go: there he is asked again. */
  readonly isEnquiry?: boolean;
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

/** How long they may take where nothing else is said. */
export const DEADLINE = 2_000;

/** The one gate that every ingest and egress asks before it says yes. */
export class AccessGate {
  readonly #providers: AccessProvider[];
  readonly #objectors: AccessProvider[] = [];
  readonly #settings: GateSettings;

  /** Providers are asked in this order until one decides. When all pass, only `connect` and `play` are allowed, and what an origin decides. */
  constructor(providers: readonly AccessProvider[], settings: GateSettings = {}) {
    this.#providers = [...providers];
    this.#settings = settings;
  }

  /** Has one more asked, behind the others. */
  add(provider: AccessProvider): void {
    this.#providers.push(provider);
  }

  /** Has one more asked after whoever the others let in: it can only refuse. */
  objectBy(provider: AccessProvider): void {
    this.#objectors.push(provider);
  }

  /** Returns when the request is granted; throws {@link RefusedError} `forbidden` when it is not, or when nobody decided in time. */
  async may(request: AccessRequest): Promise<void> {
    const verdict = await this.#inTime(request);
    if (isGranted(verdict, request)) return;
    throw new RefusedError(
      'forbidden',
      typeof verdict === 'string' ? `nothing allows to ${request.action}` : verdict.refuse,
    );
  }

  async #inTime(request: AccessRequest): Promise<Verdict> {
    const { deadline = DEADLINE, warn } = this.#settings;
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no decision within ${deadline} ms`)), deadline);
    try {
      return await Promise.race([this.#decide(request, abort.signal), late.promise]);
    } catch (error) {
      warn?.({ session: request.session, error }, 'access could not be decided');
      return { refuse: 'access could not be decided' };
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  async #decide(request: AccessRequest, signal: AbortSignal): Promise<Verdict> {
    const verdict = await firstOf(this.#providers, request, signal, (each) => each !== 'pass');
    if (this.#objectors.length === 0 || !isGranted(verdict, request)) return verdict;
    const objection = await firstOf(this.#objectors, request, signal, (each) => typeof each === 'object');
    return typeof objection === 'object' ? objection : verdict;
  }
}

function isGranted(verdict: Verdict, { action, originDecides = false }: AccessRequest): verdict is 'allow' | 'pass' {
  const isOpen = action === 'play' || action === 'connect' || originDecides;
  return verdict === 'allow' || (verdict === 'pass' && isOpen);
}

/** The first verdict that counts; `pass` where none does. */
async function firstOf(
  providers: readonly AccessProvider[],
  request: AccessRequest,
  signal: AbortSignal,
  counts: (verdict: Verdict) => boolean,
): Promise<Verdict> {
  for (const provider of providers) {
    const verdict = await provider(request, signal);
    if (counts(verdict)) return verdict;
    if (signal.aborted) break;
  }
  return 'pass';
}
