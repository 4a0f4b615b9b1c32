import { resolve } from 'node:path';
import type { z } from 'zod';
import { streamId } from '../api/identity.ts';
import { readConfigFile } from '../config/file.ts';
import { loadConfig } from '../config/load.ts';
import { readPath, type StreamPath } from '../hub/path.ts';
import { type Arguments, UsageError } from './arguments.ts';
import { type BaseConfig, configure, DEFAULT_FILE, type Place } from './configuration.ts';
import { baseUrl } from './url.ts';

/** The server could not be asked, or refused; the message is one line. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

/** Where the API is, and what lets in. */
interface Server {
  readonly url: string;
  readonly token: string;
}

/** What of the API's answer is printed. */
interface Explanation {
  readonly stream: string;
  readonly source: { readonly type: 'publisher' | 'node' | 'none'; readonly remote: string };
  readonly measures: Readonly<Record<string, number | undefined>>;
  readonly findings: readonly {
    readonly rule: string;
    readonly severity: string;
    readonly where: string;
    readonly what: string;
    readonly remedy: string;
  }[];
}

const PATIENCE = 10_000;
const WIDTH = 100;
const SOURCES = { publisher: 'published by', node: 'fetched from', none: 'waits for its publisher' };

/** Asks a running server what is wrong with a stream and prints that; resolves to how many things are. Throws {@link UnansweredError}. */
export async function explainStream<Config extends BaseConfig>(
  { stdout, folder, env }: Omit<Place, 'named'> & { readonly stdout: { write(text: string): unknown } },
  args: Arguments,
  schema: z.ZodType<Config>,
): Promise<number> {
  const path = pathOf(args.stream!);
  const explanation = await ask(serverOf(args, { folder, env, named: args.config }, schema), path);
  for (const line of linesOf(explanation)) stdout.write(`${line}\n`);
  return explanation.findings.length;
}

function pathOf(stream: string): StreamPath {
  try {
    return readPath(stream);
  } catch (error) {
    throw new UsageError(`${stream} is no stream: ${(error as Error).message}`);
  }
}

/** The one that is named, else that of the configuration which a server here would have. */
function serverOf<Config extends BaseConfig>(
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

async function ask({ url, token }: Server, path: StreamPath): Promise<Explanation> {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await fetch(`${url}/api/v1/streams/${streamId(path)}/explain`, { headers, signal }).catch(
    (error) => {
      throw new UnansweredError(`${url} does not answer: ${reasonOf(error as Error)}`);
    },
  );
  const answer = (await response.json().catch(() => ({}))) as Partial<Explanation> & { readonly error?: string };
  if (response.ok && answer.findings) return answer as Explanation;
  throw new UnansweredError(`${url} answers: ${answer.error ?? `${response.status} ${response.statusText}`}`);
}

/** What is below is more telling than "fetch failed". */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}

function linesOf({ stream, source, measures, findings }: Explanation): string[] {
  const from = `${SOURCES[source.type]}${source.remote === '' ? '' : ` ${source.remote}`}`;
  const lines = [`${stream}, ${from}`, ...wrap(`The last ${measures['seconds']} s: ${describe(measures)}.`), ''];
  for (const { rule, severity, where, what, remedy } of findings)
    lines.push(`${severity.toUpperCase()}  ${rule}, ${where}`, ...wrap(what), ...wrap(`What helps: ${remedy}`), '');
  if (findings.length === 0) lines.push('Nothing is wrong.');
  else lines.push(findings.length === 1 ? 'One thing is wrong.' : `${findings.length} things are wrong.`);
  return lines;
}

function describe({ kbps, fps, gop_s: gop, late_ms: late, skew_ms: skew, viewers }: Explanation['measures']): string {
  const parts = [`${kbps} kbit/s`, `${fps} pictures/s`, `key frames at most ${gop} s apart`];
  parts.push(`frames at most ${late} ms late`);
  if (skew !== undefined) parts.push(`sound ${Math.abs(skew)} ms ${skew < 0 ? 'before' : 'after'} its picture`);
  return `${parts.join(', ')}, ${viewers === 1 ? '1 viewer' : `${viewers} viewers`}`;
}

function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1)!.length + word.length >= WIDTH) lines.push('');
    lines.push(`${lines.pop()} ${word}`);
  }
  return lines.map((line) => ` ${line}`);
}
