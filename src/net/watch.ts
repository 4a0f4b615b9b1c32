import type { Hub } from '../hub/hub.ts';
import type { Stream } from '../hub/stream.ts';
import { type Mux, Outlet, type OutletOptions, type Sink } from './outlet.ts';
import type { Pacer } from './pacer.ts';
import type { Serving } from './serve.ts';

/** What is needed to serve viewers. */
export interface ViewingGround {
  readonly hub: Hub;
  readonly pacer: Pacer;
  readonly outlets: OutletOptions;
}

/** A viewer that is about to be served. */
export interface Viewing {
  readonly stream: Stream;
  /** Container, selection and dialect: viewers of one stream with the same format are sent the same bytes. */
  readonly format: string;
  readonly mux: () => Mux;
  readonly sink: Sink;
}

/** Sends a viewer its stream until one of them ends. Always rejects, with the reason: the session's or the stream's. */
export async function watch(
  ground: ViewingGround,
  { session, signal }: Pick<Serving, 'session' | 'signal'>,
  viewing: Viewing,
): Promise<never> {
  const { hub, pacer, outlets } = ground;
  const { stream, format, mux, sink } = viewing;
  const { value: outlet, release } = stream.share(format, () => new Outlet(stream, mux(), pacer, outlets));
  const leave = hub.join(stream, session);
  let part = () => {};
  try {
    return await new Promise<never>((_, end) => {
      if (signal.aborted) throw signal.reason;
      signal.addEventListener('abort', () => end(signal.reason), { once: true });
      part = outlet.join({ sink, session, end });
    });
  } finally {
    part();
    release();
    leave();
  }
}
