import { type Ground, type ServedPeer, type Serving, serve } from './serve.ts';

/** Runs one session with another server until it is over, or `signal` aborts; resolves to the reason. */
export async function dial(
  ground: Ground,
  peer: ServedPeer,
  signal: AbortSignal,
  run: (serving: Serving) => Promise<never>,
): Promise<unknown> {
  return serve(ground, peer, async (serving) => {
    const end = () => serving.end(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    await run(serving).finally(() => signal.removeEventListener('abort', end));
  });
}
