import { resolve } from 'node:path';
import type { z } from 'zod';
import { readConfigFile } from '../config/file.ts';
import { loadConfig } from '../config/load.ts';
import { type Arguments, UsageError } from './arguments.ts';
import { type BaseConfig, configure, DEFAULT_FILE, type Place } from './configuration.ts';
import { baseUrl } from './url.ts';

/** The server could not be asked, or refused; the message is one line. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

/** A running server: where its API is, and what lets in. */
export interface Server {
  readonly url: string;
  readonly token: string;
}

/** How long it may take to answer, in milliseconds: it may ask others, and has limits of its own. */
const PATIENCE = 10_000;

/** The one that is named, else that of the configuration which a server here would have. */
export function serverOf<Config extends BaseConfig>(
  { server, token }: Arguments,
  place: Place,
  schema: z.ZodType<Config>,
): Server {
  const { folder, env, named } = place;
  const given = token ?? env['HEADWATER_ACCESS_ADMIN_TOKEN'] ?? '';
  if (server !== undefined) return { url: server.replace(/\/+$/, ''), token: given };
  const isThere = named !== undefined || readConfigFile(resolve(folder, DEFAULT_FILE)) !== undefined;
  const { config, madeForThisRun = [] } = isThere ? configure(schema, place) : { config: loadConfig(schema, { env }) };
  const { access, http } = config;
  const address = http?.listenApi ?? http?.listen;
  if (!address) throw new UsageError('http.listen is off here; name a server by --server URL');
  const { host = '', port } = address;
  const url = baseUrl('http', { host, port }, '127.0.0.1');
  // The token that another run made for itself is not known.
  return { url, token: token ?? (madeForThisRun.includes('access.adminToken') ? '' : access.adminToken) };
}

/** What the server's API answers below `/api/v1/`, whatever of it there is. Throws {@link UnansweredError} when it does not, or refuses. */
export async function askServer<Answer extends object>({ url, token }: Server, path: string): Promise<Partial<Answer>> {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await fetch(`${url}/api/v1/${path}`, { headers, signal }).catch((error) => {
    throw new UnansweredError(`${url} does not answer: ${reasonOf(error as Error)}`);
  });
  const answer = (await response.json().catch(() => ({}))) as Partial<Answer> & { readonly error?: string };
  if (response.ok) return answer;
  throw new UnansweredError(`${url} answers: ${answer.error ?? `${response.status} ${response.statusText}`}`);
}

/** What is below is more telling than "fetch failed". */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
