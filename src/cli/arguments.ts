import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Arguments {
  readonly command: 'start' | 'demo' | 'verify' | 'convert' | 'explain' | 'trace' | 'help' | 'version';
  /** The recording that is to be verified, or the configuration that is to be converted. */
  readonly file?: string;
  /** The stream that is to be explained, or the session that is to be traced, by which server if not that of the configuration, and what lets in there. */
  readonly stream?: string;
  readonly session?: string;
  readonly server?: string;
  readonly token?: string;
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
  if (values.help !== true && (command === 'explain' || command === 'trace')) {
    const { server, token, config } = values;
    return {
      ...subjectOf(command, more),
      ...(server && { server }),
      ...(token && { token }),
      ...(config && { config }),
    };
  }
  if (values.help !== true && (values.server !== undefined || values.token !== undefined))
    throw new UsageError('--server and --token are for explain and trace');
  if (more.length > 0) throw new UsageError(`one command at most is allowed, not ${positionals.join(' ')}`);
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };
  if (command !== 'start' && command !== 'demo')
    throw new UsageError(`${command} is no command; allowed are start, demo, verify, convert, explain and trace`);
  if (values.env === true && values.config !== undefined)
    throw new UsageError('-e reads the environment alone, and --config a file');
  if (values.env === true) return { command, env: true };
  return values.config === undefined ? { command } : { command, config: values.config };
}

/** What a running server is asked about. */
function subjectOf(command: 'explain' | 'trace', subjects: readonly string[]): Arguments {
  const [subject] = subjects;
  const wanted = { explain: 'one stream, such as live/movie', trace: 'the id of one session' }[command];
  if (subject === undefined || subjects.length > 1) throw new UsageError(`${command} wants ${wanted}`);
  return command === 'explain' ? { command, stream: subject } : { command, session: subject };
}

function parse(argv: readonly string[]) {
  const options = {
    config: { type: 'string' },
    env: { type: 'boolean', short: 'e' },
    server: { type: 'string' },
    token: { type: 'string' },
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
  headwater verify FILE    check a recording against its manifest, and tell what is missing
  headwater convert FILE   print a configuration of SRS, or of an original node, as one of Headwater
  headwater explain NAME   ask the running server what is wrong with a stream, such as live/movie;
                           the exit code is 0 for nothing, 1 for something, 2 where it could not be asked
  headwater trace SESSION  ask it for the way of a session's stream, node by node back to the publisher;
                           the exit code is 1 where it is not known that far

  --config FILE            read FILE instead of headwater.yaml of this folder; one of SRS is read as it is
  -e, --env                read no file but the environment: the variables SRS_* of SRS, and our own
  --server URL             explain, trace: ask this server, such as http://live.example.com:8080
  --token TOKEN            explain, trace: its admin token, if it is not the one of the configuration
  --help, --version

Every option can also be set in the environment: rtmp.listen is HEADWATER_RTMP_LISTEN.
`;
