import type { Context, Module } from '../module.ts';
import { type Membership, whereabouts } from './node.ts';

/** Has the other nodes of a cluster know of this one. */
export function cluster(membership: Membership, joinToken: string | undefined): Module {
  let context: Context | undefined;
  return {
    name: 'cluster',
    async start(given) {
      context = given;
      return {};
    },
    ready({ headwater }) {
      if (!context) return;
      const { address } = context.config.cluster;
      membership.member.start(() => whereabouts({ address, listens: headwater, joinToken }, membership));
    },
    async stop() {
      await membership.member.stop();
    },
  };
}
