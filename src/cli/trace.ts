import type { z } from 'zod';
import type { TraceAnswer } from '../api/trace.ts';
import type { Arguments } from './arguments.ts';
import { type BaseConfig, type Place, readConfiguration } from './configuration.ts';
import { baseUrl } from './url.ts';

/** Where the command runs. */
export interface TracePlace extends Place {
  readonly stdout: { write(text: string): unknown };
}

/** What one needs to ask a server. */
interface Asked {
  readonly api: string;
  /** Empty where the configuration names none. */
  readonly token: string;
}

/** The running server cannot be asked, or says no; the message is one line. */
export class AskError extends Error {
  override readonly name = 'AskError';
}

/** How long the server may take: it asks others, and has a limit of its own. */
const PATIENCE_MS = 15_000;

/**
 * Prints the way of what a session of the running server plays or publishes. The exit code is 1 when it is not known back to the
 * publisher. Rejects with {@link AskError} when the server cannot be asked, or has no such session.
 */
export async function trace<Config extends BaseConfig>(
  place: TracePlace,
  { session, api, config }: Arguments,
  schema: z.ZodType<Config>,
): Promise<number> {
  const { access, http } = readConfiguration(schema, { ...place, named: config });
  const answer = await ask({ api: api ?? apiOf(http), token: access.adminToken }, session!);
  for (const line of linesOf(answer)) place.stdout.write(`${line}\n`);
  return answer.complete ? 0 : 1;
}

/** The server of this configuration, as it is reached on its own machine. */
function apiOf({ listenApi, listen, listenTls }: BaseConfig['http']): string {
  const address = listenApi ?? listen ?? listenTls;
  if (!address) throw new AskError('the API listens nowhere by this configuration; --api says where it is');
  if (address.port === 0) throw new AskError("the port of the API is the system's choice; --api says which");
  const { host = '', port } = address;
  return baseUrl(address === listenTls ? 'https' : 'http', { host, port }, '127.0.0.1');
}

async function ask({ api, token }: Asked, session: string): Promise<TraceAnswer> {
  const url = new URL(`/api/v1/trace/${encodeURIComponent(session)}`, api);
  const headers = { ...(token !== '' && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) }).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new AskError(`the server at ${url.origin} does not answer: ${reason}`);
  });
  const answer = (await response.json().catch(() => ({}))) as { trace?: TraceAnswer; error?: string };
  if (response.ok && answer.trace) return answer.trace;
  throw new AskError(refusal(url, response.status, answer.error));
}

function refusal({ origin }: URL, status: number, error: string | undefined): string {
  if (status === 401 || status === 403)
    return `the server at ${origin} wants its own admin token: --config names its file, or HEADWATER_ACCESS_ADMIN_TOKEN has it`;
  return error ?? `${origin} is no server of Headwater: it answers with status ${status}`;
}

/** The way for people, one block for each node. */
export function linesOf({ session, stream, hops, gap }: TraceAnswer): string[] {
  const total = hops[0]?.total_ms;
  const delay = total === null || total === undefined ? 'delay unknown' : `${total} ms after it came in`;
  const lines = [`${session}: ${stream}, ${hops.length === 1 ? '1 node' : `${hops.length} nodes`}, ${delay}`];
  for (const hop of hops) lines.push('', ...linesOfHop(hop));
  return gap === '' ? lines : [...lines, '', `further: ${gap}`];
}

function linesOfHop({ node, host, address, sends, gets, ...way }: TraceAnswer['hops'][number]): string[] {
  const lines = [`${host}${address && ` at ${address}`}${node && `, node ${node}`}`];
  if (sends) lines.push(`  sends  ${sends.id}  ${sends.type} to ${sends.remote}`);
  if (gets) lines.push(`  gets   ${gets.id}  ${gets.type} from ${gets.remote}${describeWay(way)}`);
  return lines;
}

type Way = Pick<TraceAnswer['hops'][number], 'added_ms' | 'total_ms' | 'total_p99_ms' | 'loss'>;

function describeWay({ added_ms, total_ms, total_p99_ms, loss }: Way): string {
  // Where it comes in nothing is added yet.
  if (total_ms === 0 && added_ms === 0) return '';
  const added = added_ms === null ? '' : `+${added_ms} ms, `;
  const delay = total_ms === null ? 'delay unknown' : `${added}in all ${total_ms} ms (p99 ${total_p99_ms} ms)`;
  return `: ${delay}${loss ? `, ${describeLoss(loss)}` : ''}`;
}

function describeLoss({ packets, lost, residual }: NonNullable<Way['loss']>): string {
  const share = packets === 0 ? 0 : (100 * lost) / packets;
  return `${share.toFixed(1)} % of packets lost, ${residual} of ${packets} for good`;
}
