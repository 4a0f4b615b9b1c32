import type { Context, Module } from '../module.ts';
import { LoadGauge } from './load.ts';
import type { ClusterNode } from './node.ts';

/** Has the other nodes of a cluster know of this one. */
export function cluster({ membership, joinToken }: ClusterNode): Module {
  let context: Context | undefined;
  return {
    name: 'cluster',
    async start(given) {
      context = given;
      return {};
    },
    ready({ headwater }) {
      if (!membership || !context) return;
      const { address } = context.config.cluster;
      const load = new LoadGauge(context);
      const port = address && 'port' in address ? address.port : headwater?.port;
      const url = () => {
        const host = address?.host ?? membership.localAddress();
        if (!headwater || host === undefined) return undefined;
        return `headwater://${host.includes(':') ? `[${host}]` : host}:${port}?join=${joinToken}`;
      };
      membership.member.start(() => ({ url: url(), load: load.read() }));
    },
    async stop() {
      await membership?.member.stop();
    },
  };
}
