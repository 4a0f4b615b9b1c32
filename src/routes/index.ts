import { RefusedError } from '../base/errors.ts';
import type { Context, Module } from '../module.ts';
import type { BoundAddress } from '../net/listen.ts';
import { dialerFor, fetching, fetchingByFfmpeg } from './fetch.ts';
import { hasFfmpeg, localUrl } from './ffmpeg.ts';
import { Forwarding } from './forward.ts';
import { Job } from './job.ts';
import { type FetchRule, type ForwardRule, type RouteText, readRule } from './rule.ts';

/** Pushes streams to other servers and fetches streams from them, by the rules of the configuration. */
export function routes(texts: readonly RouteText[]): Module {
  const rules = texts.map(readRule);
  const fetches = rules.filter((rule) => rule.kind === 'fetch');
  const forwards = rules.filter((rule) => rule.kind === 'forward');
  const running: { stop(reason: Error): Promise<void> }[] = [];
  let context: Context | undefined;
  return {
    name: 'routes',
    async start(given) {
      context = given;
      await checkFfmpeg(given, fetches);
      return {};
    },
    ready(addresses) {
      for (const rule of forwards) running.push(forward(context!, rule));
      for (const rule of fetches) running.push(fetch(context!, rule, addresses['rtmp']));
    },
    async stop() {
      const reason = new RefusedError('shutdown', 'the server is stopping');
      await Promise.all(running.map((each) => each.stop(reason)));
    },
  };
}

function forward(context: Context, rule: ForwardRule): Forwarding {
  const forwarding = new Forwarding(context, rule);
  context.routes.add(() => forwarding.report());
  return forwarding;
}

function fetch(context: Context, rule: FetchRule, rtmp: BoundAddress | undefined): Job {
  const dialer = dialerFor(context, rule.url);
  const work = dialer
    ? fetching(context, rule, dialer)
    : fetchingByFfmpeg(context, rule, localUrl(rtmp, rule.path, context.config.access));
  const job = new Job(context, work);
  context.routes.add(() => [job.report()]);
  return job;
}

async function checkFfmpeg(context: Context, fetches: readonly FetchRule[]): Promise<void> {
  const rule = fetches.find(({ url }) => !dialerFor(context, url));
  if (!rule || (await hasFfmpeg())) return;
  throw new Error(`the route from ${rule.from} needs ffmpeg, which is not installed`);
}
