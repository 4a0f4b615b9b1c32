import type { Logger } from '../../ops/log.ts';

/** Writes a line that a worker has logged, as JSON, into the log of the node. What is no such line is shown as it is. */
export function passOn(line: string, log: Logger): void {
  const parsed = parse(line);
  if (!parsed) return log.warn({ line }, 'a worker says');
  const { level, msg, time: _, ...fields } = parsed;
  log[level](fields, msg);
}

interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly msg: string;
  readonly time?: string;
}

function parse(line: string): LogLine | undefined {
  try {
    const parsed = JSON.parse(line) as LogLine | null;
    const isLine = ['debug', 'info', 'warn', 'error'].includes(parsed?.level ?? '') && typeof parsed?.msg === 'string';
    return isLine ? parsed! : undefined;
  } catch {
    return undefined;
  }
}
