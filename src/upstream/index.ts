import { isUpstream } from '../config/options.ts';
import type { Context, Module } from '../module.ts';
import { serverAt } from './server.ts';
import { Upstreams } from './upstreams.ts';

/** Fetches streams from other servers by the protocols that players speak, when somebody wants them. */
export function upstream(): Module {
  let upstreams: Upstreams | undefined;
  return {
    name: 'upstream',
    async start(context: Context) {
      const servers = context.config.relay.origins.filter(isUpstream).map(serverAt);
      if (servers.length > 0) upstreams = new Upstreams(context, servers);
      return {};
    },
    async stop() {
      upstreams?.close();
    },
  };
}
