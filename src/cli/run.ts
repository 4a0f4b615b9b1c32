import { resolve } from 'node:path';
import type { z } from 'zod';
import { KEY_PARAMETER } from '../access/publish-key.ts';
import { ConfigError } from '../config/load.ts';
import type { BoundAddress } from '../net/listen.ts';
import { createLogger, type Logger } from '../ops/log.ts';
import { packageVersion } from '../ops/version.ts';
import { verify } from '../record/verify.ts';
import { type Arguments, HELP, parseArguments, UsageError } from './arguments.ts';
import { UnansweredError } from './ask.ts';
import { type BaseConfig, type Configuration, configure, configureByEnvironment } from './configuration.ts';
import { convert } from './convert.ts';
import { Demo } from './demo.ts';
import { explainStream } from './explain.ts';
import { type SignalSource, untilSignal } from './signals.ts';
import { traceSession } from './trace.ts';
import { baseUrl, machineAddress } from './url.ts';
import { type Welcome, welcomeBlock, welcomeFields } from './welcome.ts';

/** A started server. */
export interface RunningServer {
  /** Where it came to listen, by scheme: `rtmp`, `http`, … */
  readonly addresses: Readonly<Record<string, BoundAddress | undefined>>;
  /** What lets other nodes in, where they can come. */
  readonly joinToken?: string | undefined;
  /** Resolves to the reason if it cannot go on. */
  readonly failed?: Promise<Error>;
  stop(): Promise<void>;
}

/** What the command line starts. */
export interface Program<Config extends BaseConfig> {
  readonly configSchema: z.ZodType<Config>;
  startServer(config: Config, log: Logger): Promise<RunningServer>;
}

/** What surrounds a run of the program. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly signals: SignalSource;
}

const FAILED = 1;
const MISUSED = 2;

/** Runs the command line to its end and returns the exit code. What a user can have done wrong is one line on stderr each. */
export async function run<Config extends BaseConfig>(
  around: Surroundings,
  load: () => Promise<Program<Config>>,
): Promise<number> {
  try {
    const args = parseArguments(around.argv);
    if (args.command === 'help') around.stdout.write(HELP);
    else if (args.command === 'version') around.stdout.write(`${packageVersion()}\n`);
    else if (args.command === 'verify') return await check(around, args.file!);
    else if (args.command === 'convert') around.stdout.write(convert((await load()).configSchema, args.file!, around));
    else if (args.command === 'explain')
      return (await explainStream(around, args, (await load()).configSchema)) === 0 ? 0 : FAILED;
    else if (args.command === 'trace')
      return (await traceSession(around, args, (await load()).configSchema)) ? 0 : FAILED;
    else await serve(around, args, await load());
    return 0;
  } catch (error) {
    for (const line of describe(error as Error).split('\n')) around.stderr.write(`headwater: ${line}\n`);
    return isMisuse(error) ? MISUSED : FAILED;
  }
}

/** Prints what there is to say of a recording; the exit code is 1 when something is missing. */
async function check({ folder, stdout }: Surroundings, file: string): Promise<number> {
  const { isComplete, lines } = await verify(resolve(folder, file));
  for (const line of lines) stdout.write(`${line}\n`);
  return isComplete ? 0 : FAILED;
}

/** What the surroundings refuse (a port in use, a file that cannot be read) has a code; all else is a bug and shows where. */
function describe(error: Error): string {
  const isFromOutside = isMisuse(error) || 'code' in error;
  return isFromOutside ? error.message : (error.stack ?? error.message);
}

/** Whether nothing was done at all, since it cannot be as it was asked for. */
function isMisuse(error: unknown): boolean {
  return error instanceof UsageError || error instanceof ConfigError || error instanceof UnansweredError;
}

async function serve<Config extends BaseConfig>(
  around: Surroundings,
  args: Arguments,
  program: Program<Config>,
): Promise<void> {
  const { env, folder, signals } = around;
  const place = { named: args.config, folder, env };
  const configuration = (args.env ? configureByEnvironment : configure)(program.configSchema, place);
  const log = await createLogger(configuration.config.log);
  for (const warning of configuration.warnings ?? []) log.warn({ file: configuration.file }, warning);
  const signal = untilSignal(signals);
  const server = await program.startServer(configuration.config, log);
  greet(around, configuration, server, log);
  const demo = args.command === 'demo' ? startDemo(configuration.config, server, log) : undefined;
  const cause = await Promise.race([signal, ...(server.failed ? [server.failed] : [])]);
  if (cause instanceof Error) log.error({ reason: cause.message }, 'stopping');
  else log.info({ signal: cause }, 'stopping');
  await demo?.stop();
  await server.stop();
  if (cause instanceof Error) throw cause;
}

/** People get the block with everything to paste; programs get a line without secrets. */
function greet<Config extends BaseConfig>(
  { stdout }: Surroundings,
  { config, file, isFirstStart, madeForThisRun, unwritten }: Configuration<Config>,
  { addresses, joinToken }: RunningServer,
  log: Logger,
): void {
  const { publishKey, adminToken } = config.access;
  const common = { version: packageVersion(), addresses, host: machineAddress(), file, madeForThisRun };
  const welcome: Welcome = { ...common, publishKey, adminToken, joinToken };
  if (unwritten !== undefined)
    log.warn({ reason: unwritten }, 'headwater.yaml could not be written; going on without it');
  log.info(welcomeFields(welcome), 'started');
  if (stdout.isTTY === true || isFirstStart || madeForThisRun.length > 0) stdout.write(welcomeBlock(welcome));
}

function startDemo(
  { access }: BaseConfig,
  { addresses: { rtmp, http } }: RunningServer,
  log: Logger,
): Demo | undefined {
  if (!rtmp) {
    log.error('the demo needs RTMP, which is off');
    return undefined;
  }
  if (http) log.info({ page: `${baseUrl('http', http, 'localhost')}/play/live/demo` }, 'the demo plays');
  const url = `${baseUrl('rtmp', rtmp, '127.0.0.1')}/live/demo?${KEY_PARAMETER}=${access.publishKey}`;
  return new Demo({ url, log });
}
