import type { z } from 'zod';
import { readPath, type StreamPath } from '../hub/path.ts';
import { streamId } from '../net/identity.ts';
import { type Arguments, UsageError } from './arguments.ts';
import { askServer, type Server, serverOf, UnansweredError } from './ask.ts';
import type { BaseConfig, Place } from './configuration.ts';

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

async function ask(server: Server, path: StreamPath): Promise<Explanation> {
  const answer = await askServer<Explanation>(server, `streams/${streamId(path)}/explain`);
  if (!answer.findings) throw new UnansweredError(`${server.url} does not explain streams`);
  return answer as Explanation;
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
