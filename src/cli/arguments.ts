import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Arguments {
  readonly command: 'start' | 'demo' | 'verify' | 'convert' | 'trace' | 'help' | 'version';
  /** The recording that is to be verified, or the configuration that is to be converted. */
  readonly file?: string;
  /** The session of which the way is to be told, and the API that is asked where the configuration is not to say so. */
  readonly session?: string;
  readonly api?: string;
  /** The file given by `--config`. */
  readonly config?: string;
  /** Whether the environment alone configures the server, in the terms of SRS. */
  readonly env?: true;
}

/** The command line is wrong; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the arguments that follow the program's name. Throws {@link UsageError}. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [command = 'start', ...more] = positionals;
  if (values.help !== true && (command === 'verify' || command === 'convert')) {
    if (more.length !== 1) throw new UsageError(`${command} wants one file`);
    return { command, file: more[0]! };
  }
  if (values.api !== undefined && command !== 'trace') throw new UsageError('--api is for trace alone');
  if (values.env === true && command === 'trace') throw new UsageError('-e is for servers; trace has --api');
  if (values.help !== true && command === 'trace') return traceArguments(more, values);
  if (more.length > 0) throw new UsageError(`one command at most is allowed, not ${positionals.join(' ')}`);
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };
  if (command !== 'start' && command !== 'demo')
    throw new UsageError(`${command} is no command; allowed are start, demo, trace, verify and convert`);
  if (values.env === true && values.config !== undefined)
    throw new UsageError('-e reads the environment alone, and --config a file');
  if (values.env === true) return { command, env: true };
  return values.config === undefined ? { command } : { command, config: values.config };
}

function traceArguments(
  sessions: readonly string[],
  { api, config }: { readonly api?: string | undefined; readonly config?: string | undefined },
): Arguments {
  const [session] = sessions;
  if (session === undefined || sessions.length > 1) throw new UsageError('trace wants the id of one session');
  if (api !== undefined && !/^https?:/.test(URL.parse(api)?.protocol ?? ''))
    throw new UsageError(`--api wants a URL such as http://127.0.0.1:8080, not ${api}`);
  return { command: 'trace', session, ...(api !== undefined && { api }), ...(config !== undefined && { config }) };
}

function parse(argv: readonly string[]) {
  const options = {
    api: { type: 'string' },
    config: { type: 'string' },
    env: { type: 'boolean', short: 'e' },
    help: { type: 'boolean' },
    version: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\.\s/)[0]!);
  }
}

/** The answer to `--help`. */
export const HELP = `Headwater: a live-streaming server. Push RTMP, watch it anywhere.

  headwater                start the server; the first start writes headwater.yaml, which explains every option
  headwater demo           start it and push a moving test picture (needs ffmpeg)
  headwater trace SESSION  ask the running server for the way of a session's stream, node by node back to the publisher
  headwater verify FILE    check a recording against its manifest, and tell what is missing

  headwater convert FILE   print a configuration of SRS, or of an original node, as one of Headwater

  --config FILE            read FILE instead of headwater.yaml of this folder; one of SRS is read as it is
  --api URL                what trace asks, instead of what the configuration says: http://127.0.0.1:8080
  -e, --env                read no file but the environment: the variables SRS_* of SRS, and our own
  --help, --version

Every option can also be set in the environment: rtmp.listen is HEADWATER_RTMP_LISTEN.
`;
