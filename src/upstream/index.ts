import { isUpstream } from '../config/options.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context, Module } from '../module.ts';
import { coworkerAt, coworkerLocator } from './coworkers.ts';
import { Fetches } from './fetches.ts';
import { serverAt } from './server.ts';
import { takerAt } from './taker.ts';

/** Fetches streams from other servers by the protocols that players speak, when somebody wants them. */
export function upstream(): Module {
  let fetches: Fetches | undefined;
  return {
    name: 'upstream',
    async start(context: Context) {
      const { relay, cluster } = context.config;
      const addresses = relay.origins.filter(isUpstream);
      const origins = addresses.map((address, i) => serverAt(address, i === 0));
      const servers = [...origins, ...cluster.coworkers.map(coworkerAt)];
      // The other workers have from the first one what it fetches.
      if (servers.length > 0 && context.siblings.worker === 1) fetches = new Fetches(context, servers);
      if (context.siblings.worker === 1) {
        const takers = (path: StreamPath) => addresses.map((address) => takerAt(context, address, path));
        context.takers.add((path) => takers(path).filter((taker) => taker !== undefined));
      }
      if (cluster.coworkers.length > 0) context.locators.add(coworkerLocator(cluster.coworkers));
      return {};
    },
    async stop() {
      fetches?.close();
    },
  };
}
