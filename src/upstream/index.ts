import { isUpstream } from '../config/options.ts';
import type { Context, Module } from '../module.ts';
import { coworkerAt, coworkerLocator } from './coworkers.ts';
import { serverAt } from './server.ts';
import { Upstreams } from './upstreams.ts';

/** Fetches streams from other servers by the protocols that players speak, when somebody wants them. */
export function upstream(): Module {
  let upstreams: Upstreams | undefined;
  return {
    name: 'upstream',
    async start(context: Context) {
      const { siblings, config } = context;
      const { relay, cluster } = config;
      const servers = [...relay.origins.filter(isUpstream).map(serverAt), ...cluster.coworkers.map(coworkerAt)];
      // The other workers have from the first one what it fetches.
      if (servers.length > 0 && siblings.worker === 1) upstreams = new Upstreams(context, servers);
      if (cluster.coworkers.length > 0) context.locators.add(coworkerLocator(cluster.coworkers));
      return {};
    },
    async stop() {
      upstreams?.close();
    },
  };
}
