import type { z } from 'zod';
import type { TraceAnswer } from '../api/trace.ts';
import type { Arguments } from './arguments.ts';
import { askServer, serverOf, UnansweredError } from './ask.ts';
import type { BaseConfig, Place } from './configuration.ts';

/**
 * Asks a running server for the way of what a session plays or publishes and prints that; resolves to whether it is known back to the
 * publisher. Throws `UnansweredError`, also where there is no such session.
 */
export async function traceSession<Config extends BaseConfig>(
  { stdout, folder, env }: Omit<Place, 'named'> & { readonly stdout: { write(text: string): unknown } },
  args: Arguments,
  schema: z.ZodType<Config>,
): Promise<boolean> {
  const server = serverOf(args, { folder, env, named: args.config }, schema);
  const { trace } = await askServer<{ trace: TraceAnswer }>(server, `trace/${encodeURIComponent(args.session!)}`);
  if (!trace) throw new UnansweredError(`${server.url} does not trace sessions`);
  for (const line of linesOf(trace)) stdout.write(`${line}\n`);
  return trace.complete;
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
