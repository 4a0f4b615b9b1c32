import type { Module } from '../module.ts';
import { type HttpRouter, sendJson } from '../net/http.ts';

/** Answers whether the process lives (`/healthz`) and whether it should be sent clients (`/readyz`: 200 or 503). */
export function health(): Module {
  let status: 'starting' | 'ready' | 'stopping' = 'starting';
  return {
    name: 'health',
    async start({ http, dispatch }) {
      route(http, /^\/healthz$/, () => 'ok');
      route(http, /^\/readyz$/, () => (status === 'ready' && dispatch.isDraining ? 'draining' : status));
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

function route(
  http: HttpRouter,
  pattern: RegExp,
  ask: () => 'ok' | 'starting' | 'ready' | 'draining' | 'stopping',
): void {
  http.route(['GET', 'HEAD'], pattern, ({ response }) => {
    const status = ask();
    sendJson(response, status === 'ok' || status === 'ready' ? 200 : 503, { status });
  });
}
