import type { DestinationStream } from 'pino';
import roll from 'pino-roll';
import type { LogOptions } from '../config/options.ts';

/** What the date in a file's name looks like: new files by age need names that sort by age. */
const DATE_IN_NAME = { daily: { dateFormat: 'yyyy-MM-dd' }, hourly: { dateFormat: 'yyyy-MM-dd-HH' } };

/** Opens a log file that is closed, numbered and pruned as `rotate` says; `logs/a.log` becomes `logs/a.2026-11-21.1.log`. */
export function openLogFile(file: string, rotate: LogOptions['rotate']): Promise<DestinationStream> {
  return roll({
    file,
    size: `${rotate.size}b`,
    ...(rotate.age === 'off' ? {} : { frequency: rotate.age, ...DATE_IN_NAME[rotate.age] }),
    limit: { count: rotate.keep + 1, removeOtherLogFiles: true },
    mkdir: true,
    sync: true,
  });
}
