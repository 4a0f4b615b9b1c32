import { z } from 'zod';
import { SECOND } from '../../src/base/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import { coreOptions } from '../../src/config/options.ts';
import { Hub } from '../../src/hub/hub.ts';
import { type Session, Sessions } from '../../src/hub/session.ts';
import type { Context } from '../../src/module.ts';
import { Admission } from '../../src/net/admission.ts';
import { type Dialer, Dialers } from '../../src/net/dialers.ts';
import { Gatherer } from '../../src/net/gatherer.ts';
import { Headcount } from '../../src/net/headcount.ts';
import { Locators } from '../../src/net/locators.ts';
import { Pacer } from '../../src/net/pacer.ts';
import { serve } from '../../src/net/serve.ts';
import { noSiblings } from '../../src/net/siblings.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { systemClock } from '../../src/ops/system-clock.ts';
import type { Overrides } from './server.ts';

/** Where a dialed stream is published. */
export const FETCHED = '__defaultVhost__/live/fetched';

/** What a dialer uses of a server, with little patience unless told otherwise. */
export function dialingContext(overrides: Overrides = {}): Context {
  const impatient = { limits: { handshake: '100ms', command: '200ms' }, publish: { firstFrameTimeout: '1s' } };
  const text = JSON.stringify({ ...impatient, ...overrides });
  const config = loadConfig(z.strictObject(coreOptions), { file: { name: 'test', text } });
  const clock = systemClock;
  const headcount = new Headcount('connections', noSiblings(), clock);
  const context: Partial<Context> = {
    config,
    clock,
    log: silentLogger,
    hub: new Hub({ ...config.publish, window: config.window, segment: SECOND }, clock),
    sessions: new Sessions(clock),
    admission: new Admission(config.limits, { isFull: false }, headcount),
    pacer: new Pacer(config.fanout, clock, () => {}),
    gatherer: new Gatherer(0, clock),
    outlets: { window: { ...config.window, duration: config.play.maxLag }, stallTimeout: config.play.stallTimeout },
    dialers: new Dialers(),
    locators: new Locators(),
  };
  return context as Context;
}

/** Fetches a URL; resolves to the reason why that is over. `onSession` is given its session. */
export function pullOnce(
  context: Context,
  dialer: Dialer,
  url: string,
  onSession: (session: Session) => void = () => {},
): Promise<Error> {
  return serve(context, { protocol: dialer.protocol, remote: '127.0.0.1' }, (serving) => {
    onSession(serving.session);
    return dialer.pull(url, FETCHED, serving);
  }) as Promise<Error>;
}
