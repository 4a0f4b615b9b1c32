import type { Exchange, HttpRouter } from '../net/http.ts';
import { sendJson } from '../net/http.ts';

/** What {@link health} makes: a module that must be told when all others have started. */
export interface Health {
  readonly name: 'health';
  /** Adds the routes `/healthz` and `/readyz`, which anybody may ask. */
  start(context: { readonly http: HttpRouter }): Promise<Record<string, never>>;
  /** All listeners are up: from now on `/readyz` says so. */
  ready(): void;
  /** The server begins to stop: from now on `/readyz` says so. Idempotent. */
  stop(): Promise<void>;
}

/** Answers whether the process lives (`/healthz`) and whether it should be sent clients (`/readyz`: 200 or 503). */
export function health(): Health {
  let status: 'starting' | 'ready' | 'stopping' = 'starting';
  return {
    name: 'health',
    async start({ http }) {
      route(http, /^\/healthz$/, () => 'ok');
      route(http, /^\/readyz$/, () => status);
      return {};
    },
    ready() {
      status = 'ready';
    },
    async stop() {
      status = 'stopping';
    },
  };
}

function route(http: HttpRouter, pattern: RegExp, ask: () => 'ok' | 'starting' | 'ready' | 'stopping'): void {
  http.route(['GET', 'HEAD'], pattern, ({ response }: Exchange) => {
    const status = ask();
    sendJson(response, status === 'ok' || status === 'ready' ? 200 : 503, { status });
  });
}
