import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Arguments {
  readonly command: 'start' | 'demo' | 'verify' | 'help' | 'version';
  /** The recording that is to be verified. */
  readonly file?: string;
  /** The file given by `--config`. */
  readonly config?: string;
}

/** The command line is wrong; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the arguments that follow the program's name. Throws {@link UsageError}. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [command = 'start', ...more] = positionals;
  if (values.help !== true && command === 'verify') {
    if (more.length !== 1) throw new UsageError('verify wants one file');
    return { command, file: more[0]! };
  }
  if (more.length > 0) throw new UsageError(`one command at most is allowed, not ${positionals.join(' ')}`);
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };
  if (command !== 'start' && command !== 'demo')
    throw new UsageError(`${command} is no command; allowed are start, demo and verify`);
  return values.config === undefined ? { command } : { command, config: values.config };
}

function parse(argv: readonly string[]) {
  const options = { config: { type: 'string' }, help: { type: 'boolean' }, version: { type: 'boolean' } } as const;
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

  --config FILE            read FILE instead of headwater.yaml of this folder
  --help, --version

Every option can also be set in the environment: rtmp.listen is HEADWATER_RTMP_LISTEN.
`;
