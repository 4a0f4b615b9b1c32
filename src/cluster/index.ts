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
      const { dispatch, config } = context;
      const { address } = config.cluster;
      const load = new LoadGauge(context);
      const host = () => address?.host ?? localAddress();
      const url = () => urlOf({ address, listens: headwater, local: localAddress(), joinToken });
      member.start(() => {
        const { cpu, streams, viewers, bitrate } = load.read();
        return { url: url(), load: { cpu, streams, viewers, bitrate }, front: dispatch.front(host()) };
      });
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
