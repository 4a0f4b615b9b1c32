import type { AccessProvider, Verdict } from '../access/gate.ts';
import { RefusedError } from '../base/errors.ts';
import type { Context } from '../module.ts';
import type { PlayWish, Taker } from '../net/takers.ts';

/** Has the origins decide who may play here: all are asked at once, and the first that answers has decided. */
export function traverse({
  takers,
  dialers,
  siblings,
}: Pick<Context, 'takers' | 'dialers' | 'siblings'>): AccessProvider {
  return async ({ action, path, remote, query, protocol, via: before = '' }, signal) => {
    // Other nodes ask for their viewers themselves.
    if (action !== 'play' || path === undefined || protocol === 'relay') return 'pass';
    const asking = new AbortController();
    const either = AbortSignal.any([signal, asking.signal]);
    // The first worker asks on behalf of all.
    const via = siblings.worker === 1 ? dialers.via(before) : before;
    const wish = { path, remote, query, protocol, via };
    const answers = (await takers.find(path)).map((taker) => ask(taker, wish, either));
    try {
      return await Promise.any(answers);
    } catch {
      return { refuse: 'no origin could be asked' };
    } finally {
      asking.abort(new RefusedError('gone', 'another origin was faster'));
    }
  };
}

/** Rejects where an origin does not answer. */
async function ask(taker: Taker, wish: PlayWish, signal: AbortSignal): Promise<Verdict> {
  try {
    await taker.ask(wish, signal);
    return 'pass';
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'forbidden') return { refuse: error.message };
    throw error;
  }
}
