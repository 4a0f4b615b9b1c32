import type { Context, Module } from '../module.ts';
import { LoadGauge } from '../net/load.ts';
import { type Membership, urlOf } from './node.ts';

/** Has the other nodes of a cluster know of this one. */
export function cluster({ member, localAddress }: Membership, joinToken: string | undefined): Module {
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
      const load = new LoadGauge(context);
      const reached = () => address?.host ?? localAddress();
      const url = () => urlOf({ address, listens: headwater, local: localAddress(), joinToken });
      member.start(() => ({ url: url(), load: load.read(), address: reached() }));
    },
    async stop() {
      await member.stop();
    },
  };
}

/** A worker's part in it, where the primary is the member. */
export function clusterWorker(): Module {
  return {
    name: 'cluster',
    async start(context) {
      const load = new LoadGauge(context);
      context.siblings.answer('load', () => load.read());
      return {};
    },
    async stop() {},
  };
}
