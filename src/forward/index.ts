import { RefusedError } from '../base/errors.ts';
import { type CoreConfig, isUpstream } from '../config/options.ts';
import type { Context, Module } from '../module.ts';
import { schemeOf } from '../net/server-url.ts';
import { Carriage } from './carriage.ts';
import { Choice } from './choice.ts';
import { traverse } from './traverse.ts';

/** Passes on to an origin what is published here, where that is what this node is for. */
export function forward(): Module {
  const carriages = new Set<Carriage>();
  return {
    name: 'forward',
    async start(context: Context) {
      const { access, config, ingress, routes, siblings } = context;
      if (config.relay.traverse) access.add(traverse(context));
      if (!passesOn(config)) return {};
      const ground = { context, choice: new Choice(context) };
      ingress.carryBy({
        originDecides: originDecides(config),
        reach: hasOrigin(config.relay) ? 'anywhere' : 'cluster',
        carry(wish, session, signal) {
          const carriage: Carriage = new Carriage(ground, wish, session, () => carriages.delete(carriage));
          carriages.add(carriage);
          const leave = () => carriage.end(signal.reason);
          signal.addEventListener('abort', leave);
          return carriage.accepted.finally(() => signal.removeEventListener('abort', leave));
        },
      });
      // The first worker has those of all.
      if (siblings.worker === 1) routes.add(() => Array.from(carriages, (carriage) => carriage.report()));
      return {};
    },
    async stop() {
      for (const carriage of carriages) carriage.end(new RefusedError('shutdown', 'the server is stopping'));
    },
  };
}

/** Whether what is published here is to be an origin's. */
function passesOn({ relay, cluster }: CoreConfig): boolean {
  if (relay.publish !== 'auto') return relay.publish === 'forward';
  return !relay.listen && (hasOrigin(relay) || cluster.directory !== undefined);
}

/** Whether any is configured that can be published to. */
function hasOrigin(relay: CoreConfig['relay']): boolean {
  return relay.origins.some((origin) => !isUpstream(origin)) || hasServer(relay);
}

/** A Headwater asks its own gate. What others do is not known. */
function originDecides({ relay }: CoreConfig): boolean {
  return relay.traverse || !hasServer(relay);
}

/** Whether there are servers of other kinds that can be published to. */
function hasServer({ origins }: CoreConfig['relay']): boolean {
  return origins.some((origin) => isUpstream(origin) && schemeOf(origin.url).startsWith('rtmp'));
}
