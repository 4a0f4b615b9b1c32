import { type DestinationStream, pino } from 'pino';
import type { LogOptions } from '../config/options.ts';
import { KeptLines, type LogTail } from './log-tail.ts';

/** What a log line carries besides its message. */
type Fields = Readonly<Record<string, unknown>>;

/** Writes a line: a message, or fields and a message. Errors go into the field `error`. */
interface LogLine {
  (message: string): void;
  (fields: Fields, message: string): void;
}

/** A structured log. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
  /** A log whose every line carries `fields` too, such as `{ session: id }`. */
  child(fields: Fields): Logger;
  /** The lines written last, as far as they are kept. */
  readonly tail?: LogTail;
}

/** A log that drops everything. */
export const silentLogger: Logger = loggerTo({ write() {} }, 'silent');

/** A log as configured. Lines are written before the call returns, so that a crash loses none; secrets in URLs are masked. */
export async function createLogger(options: LogOptions, tail?: LogTail): Promise<Logger> {
  return loggerTo(await destination(options), options.level, tail);
}

/** A log that writes JSON lines to `destination`, secrets in URLs masked, and has `tail` keep the last of them. */
export function loggerTo(
  destination: DestinationStream,
  level: LogOptions['level'] = 'info',
  tail: LogTail = new KeptLines(),
): Logger {
  const write = (line: string) => {
    const masked = maskSecrets(line);
    tail.keep(masked);
    destination.write(masked);
  };
  const formatters = { level: (label: string) => ({ level: label }) };
  // One that comes from the log of a worker is a plain object already.
  const serializers = { error: (error: unknown) => (error instanceof Error ? pino.stdSerializers.err(error) : error) };
  const common = { base: null, errorKey: 'error', timestamp: pino.stdTimeFunctions.isoTime };
  const logger: Omit<Logger, 'tail'> = pino({ level, ...common, formatters, serializers }, { write });
  // Children have it, too: they inherit from it.
  return Object.assign(logger, { tail });
}

async function destination(options: LogOptions): Promise<DestinationStream> {
  if (options.file !== '') return (await import('./log-file.ts')).openLogFile(options.file, options.rotate);
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY);
  return isPretty ? prettyOutput() : pino.destination({ dest: 1, sync: true });
}

async function prettyOutput(): Promise<DestinationStream> {
  const { prettyFactory, isColorSupported } = await import('pino-pretty').then((module) => module.default);
  const pretty = prettyFactory({
    colorize: isColorSupported,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    errorLikeObjectKeys: ['error'],
  });
  return { write: (line) => process.stdout.write(pretty(JSON.parse(line) as object) ?? '') };
}

const SECRET_PARAMETER =
  /(?<![\w.-])([\w.-]{0,64}?(?:key|token|secret|sign|auth|pass|pwd|credential|jwt)[\w.-]{0,64})=[^&\s"'#\\]+/gi;
const USER_INFO = /(:\/\/[^\s/@:"]{0,256}):[^\s/@"]{1,256}@/g;
const BEARER = /\b(Bearer|Basic) +[\w.~+/=-]+/gi;

/** The text with the values of parameters that are named like secrets (`?key=…`), passwords in URLs and bearer tokens as `***`. */
export function maskSecrets(text: string): string {
  return text.replace(SECRET_PARAMETER, '$1=***').replace(USER_INFO, '$1:***@').replace(BEARER, '$1 ***');
}
