import { RefusedError } from '../base/errors.ts';
import { type CoreConfig, isUpstream } from '../config/options.ts';
import type { Context, Module } from '../module.ts';
import { Carriage } from './carriage.ts';
import { Choice } from './choice.ts';

/** Passes on to an origin what is published here, where this node is an edge. */
export function forward(): Module {
  const carriages = new Set<Carriage>();
  return {
    name: 'forward',
    async start(context: Context) {
      const { config, ingress, clock } = context;
      if (!passesOn(config)) return {};
      const choice = new Choice(context);
      const ground = { context, choice, patience: config.limits.handshake, onSkip: (frames: number) => void (context.takers.skipped += frames) };
      ingress.carryBy({
        originDecides: originDecides(config),
        async carry(wish, session, signal) {
          const carriage: Carriage = new Carriage(ground, wish, session, () => carriages.delete(carriage));
          carriages.add(carriage);
          const leave = () => carriage.end(signal.reason);
          signal.addEventListener('abort', leave);
          return carriage.accepted.finally(() => signal.removeEventListener('abort', leave));
        },
      });
      void clock;
      return {};
    },
    async stop() {
      for (const carriage of carriages) carriage.end(new RefusedError('shutdown', 'the server is stopping'));
    },
  };
}

/** Whether what is published here is an origin's: that of an edge, if it is not told otherwise. */
function passesOn({ relay, cluster }: CoreConfig): boolean {
  if (relay.publish !== 'auto') return relay.publish === 'forward';
  return !relay.listen && (cluster.directory !== undefined || relay.origins.some((origin) => !isUpstream(origin) || isRtmp(origin.url)));
}

/** A Headwater asks its own gate; of others that is known only where the configuration says so. */
function originDecides({ relay }: CoreConfig): boolean {
  return relay.traverse || !relay.origins.some((origin) => isUpstream(origin) && isRtmp(origin.url));
}

function isRtmp(url: string): boolean {
  return /^rtmps?:/i.test(url);
}
