import type { Context, Module } from '../module.ts';
import { LoadGauge } from '../net/load.ts';
import { authority } from '../net/server-url.ts';
import type { Membership } from './node.ts';

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
      const url = () => {
        const host = reached();
        if (!headwater || host === undefined) return undefined;
        const port = address?.port ?? headwater.port;
        return `headwater://${authority({ host, port })}?join=${joinToken}`;
      };
      member.start(() => ({ url: url(), load: load.read(), address: reached() }));
    },
    async stop() {
      await member.stop();
    },
  };
}
