import { RefusedError } from '../base/errors.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { Exchange } from '../net/http.ts';
import { shownBy } from '../net/http-shown.ts';
import { ApiError } from './error.ts';
import type { Services } from './services.ts';

/**
 * Lets the admin in, and where the configuration says so whoever may play the stream, if that is known. To others nothing
 * tells what there is. Resolves to whether it is the admin; throws {@link ApiError}.
 */
export async function admit(
  { guard, context }: Services,
  exchange: Exchange,
  path: StreamPath | undefined,
): Promise<boolean> {
  if (context.recordings.access === 'admin' || path === undefined) {
    await guard.admit(exchange);
    return true;
  }
  if (await guard.isAdmin(exchange)) return true;
  await admitViewer(context, exchange, path);
  return false;
}

/** Lets in who may play a stream, by what stands in the URL. Throws {@link ApiError} 403. */
export async function admitViewer({ access }: Context, exchange: Exchange, path: StreamPath): Promise<void> {
  try {
    await access.may({ action: 'play', path, ...shownBy(exchange) });
  } catch (error) {
    throw error instanceof RefusedError ? new ApiError(403, error.message) : error;
  }
}
