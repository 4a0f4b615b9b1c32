import type { z } from 'zod';
import type { RunningOption } from '../config/running.ts';
import type { Context, Module } from '../module.ts';
import type { Exchange } from '../net/http.ts';
import { forward } from '../net/http-forward.ts';
import { ApiError, sendError } from './error.ts';
import { Metrics } from './metrics.ts';
import { type Document, describeApi } from './openapi.ts';
import { type Operation, patternOf, serveOperation } from './operation.ts';
import type { metricsOptions } from './options.ts';
import { apiPage, PAGE_HEADERS, refusalPage } from './page.ts';
import { serveRecordings } from './recording-files.ts';
import { resources } from './resources.ts';
import { createServices, type Services, stopServices } from './services.ts';
import { summarize } from './summaries.ts';

/** What this module serves, as the other workers know it. */
const ALL = /^\/(?:api(?:\/.*)?|metrics|recordings\/[\w-]+(?:\/(?:index\.m3u8|media\.mp4))?)$/;

/**
 * The HTTP API under `/api/v1`, the page that shows it at `/api`, and `/metrics`. The first worker of a node answers; the others
 * hand requests on to it, and tell it what they know. `running` tells the configuration that is shown.
 */
export function api(
  options: z.output<typeof metricsOptions>,
  running: () => readonly RunningOption[] = () => [],
): Module {
  let services: Services | undefined;
  return {
    name: 'api',
    async start(context: Context) {
      services = createServices(context, running);
      const own = services;
      context.callbacks.summarize = () => summarize(own);
      const metrics = metricsOf(services, options.streams);
      const { siblings, http } = context;
      if (siblings.worker > 1) {
        http.route(METHODS, ALL, (exchange) => forward(exchange, siblings.door('http', 1)));
        return {};
      }
      const operations = resources(services, () => document);
      const document = describeApi(operations, services.version);
      for (const operation of operations) serveOperation(services, operation);
      servePage(services, document);
      serveRecordings(services);
      serveMetrics(services, metrics, options.access);
      serveNothingElse(context, operations);
      return {};
    },
    ready(addresses) {
      if (services) services.rtmpPort = addresses['rtmp']?.port;
    },
    async stop() {
      if (services) stopServices(services);
    },
  };
}

function servePage({ context, guard }: Services, document: Document): void {
  const page = apiPage(document);
  context.http.route(['GET'], /^\/api\/?$/, async (exchange) => {
    const { response } = exchange;
    try {
      await guard.admit(exchange);
      response.writeHead(200, PAGE_HEADERS).end(page);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      response.writeHead(error.status, PAGE_HEADERS).end(refusalPage(error.message));
    }
  });
}

function metricsOf({ context, traffic }: Services, streams: number): Metrics {
  const { hub, sessions, admission, memory, pacer, recordings, links, routes, callbacks, siblings } = context;
  const sources = { hub, sessions, admission, memory, pacer, recordings, traffic, links, routes, callbacks, siblings };
  return new Metrics(sources, streams);
}

function serveMetrics({ context, guard }: Services, metrics: Metrics, access: 'admin' | 'open'): void {
  context.http.route(['GET'], /^\/metrics$/, async (exchange) => {
    const { response } = exchange;
    try {
      if (access === 'admin') await guard.admit(exchange);
      const text = await metrics.text();
      response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text);
    } catch (error) {
      sendError(response, error);
    }
  });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** What is under `/api` and no operation is answered here, in the API's own form. */
function serveNothingElse({ http }: Context, operations: readonly Operation[]): void {
  http.route(METHODS, /^\/api(?:\/.*)?$/, ({ response, url }: Exchange) => {
    const methods = operations
      .filter((operation) => patternOf(operation).test(url.pathname))
      .map(({ method }) => method);
    const isKnown = methods.length > 0;
    if (isKnown) response.setHeader('allow', methods.join(', '));
    sendError(
      response,
      isKnown ? new ApiError(405, 'this method is not allowed') : new ApiError(404, 'there is no such resource'),
    );
  });
}
