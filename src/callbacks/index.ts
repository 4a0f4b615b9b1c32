import type { AccessProvider } from '../access/gate.ts';
import { MILLISECOND } from '../base/clock.ts';
import type { Context, Module } from '../module.ts';
import { callHttp } from '../net/ask-http.ts';
import { type Identity, makeIdentity } from '../net/identity.ts';
import type { Send } from './courier.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { Heartbeat } from './heartbeat.ts';
import type { CallbacksOptions, HeartbeatOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Rules } from './rules.ts';
import { Teller } from './teller.ts';

/** An answer has a handful of bytes. */
const LARGEST_ANSWER = 64 * 1024;
/** How long what is left to be told may take when the server stops, in milliseconds. */
const LAST_WORDS_MS = 2000;

/**
 * Asks and tells other programs by HTTP, as SRS does, and tells one that this server lives. `hasFiles` is whether segments are
 * written as files. The first worker of a node has the heartbeat; all else is done by the one that has the session.
 */
export function callbacks(options: CallbacksOptions, pulse: HeartbeatOptions, hasFiles: boolean): Module {
  const send = sender(Math.ceil(options.timeout / MILLISECOND));
  let heartbeat: Heartbeat | undefined;
  let beginHeartbeat: ((addresses: ConstructorParameters<typeof Heartbeat>[1]) => Heartbeat) | undefined;
  let finish = async () => {};
  return {
    name: 'callbacks',
    async start(context: Context) {
      const { siblings, clock, log } = context;
      const identity = makeIdentity(siblings.run);
      const rules = new Rules(options.rules);
      if (options.rules.length > 0) finish = serve(context, { options, rules, identity, send, hasFiles });
      if (pulse.url !== '' && siblings.worker === 1) {
        const ground = { options: pulse, identity, clock, log, send, summarize: () => context.callbacks.summarize?.() };
        beginHeartbeat = (addresses) => new Heartbeat(ground, addresses);
      }
      if (context.config.access.publishers === 'callbacks' && !rules.events.has('on_publish'))
        log.warn('access.publishers is callbacks, and no rule has on_publish: nobody may publish');
      return {};
    },
    ready(addresses) {
      heartbeat = beginHeartbeat?.(addresses);
    },
    async stop() {
      heartbeat?.stop();
    },
    finish: () => finish(),
  };
}

/** What asking and telling needs. */
interface ServeGround {
  readonly options: CallbacksOptions;
  readonly rules: Rules;
  readonly identity: Identity;
  readonly send: Send;
  readonly hasFiles: boolean;
}

/** Begins to ask and to tell; what is returned ends it when all is told. */
function serve(context: Context, { options, rules, identity, send, hasFiles }: ServeGround): () => Promise<void> {
  const { access, sessions, hub, siblings, clock, log, config } = context;
  const { retry, queue, timeout } = options;
  const outbox = new Outbox({ send, clock, log, callbacks: context.callbacks, retry, queue });
  const door = new Doorkeeper({ context, rules, identity, outbox, send, timeout });
  const teller = new Teller({ rules, identity, outbox, door, siblings });
  if (config.access.publishers === 'callbacks') access.add(opener(rules));
  access.objectBy((request, signal) => door.judge(request, signal));
  sessions.onLeave((session, isGone) => door.leave(session, isGone));
  hub.observe((event) => teller.observe(event));
  if (!hasFiles && (rules.events.has('on_hls') || rules.events.has('on_hls_notify')))
    log.warn('on_hls tells of files, and none are written without hls.disk.folder');
  return () => outbox.close(LAST_WORDS_MS, () => door.isAlone && teller.isIdle);
}

/** Lets in those about whom `on_publish` is asked: without a key nobody else may publish. */
function opener(rules: Rules): AccessProvider {
  return async ({ action, path }) =>
    action === 'publish' && path !== undefined && rules.urls('on_publish', path).length > 0 ? 'allow' : 'pass';
}

/** What a GET brings may be a whole segment. */
function sender(patience: number): Send {
  return ({ url, json }, signal) => {
    const body = json === undefined ? { isStatusEnough: true } : { json };
    return callHttp(url, { signal, patience, largest: LARGEST_ANSWER, ...body });
  };
}
