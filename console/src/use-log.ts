import { useEffect, useRef } from 'preact/hooks';
import { getLog, type LogLine, type LogPage } from './operator.ts';
import { noticeRefusal } from './session.ts';
import { usePoll } from './use-poll.ts';

/** Which lines are wanted; what is empty says nothing. */
export type LogFilter = Readonly<Record<'session' | 'level' | 'text', string>>;

/** What has been read of the log, the newest line first. */
export interface ReadLog {
  readonly lines: readonly LogLine[];
  /** How grave lines must be to be logged at all; undefined until the server has answered. */
  readonly level: string | undefined;
  /** Lines that came faster than they could be read. */
  readonly missed: number;
  readonly error: unknown;
}

const MOST_LINES = 2_000;
const NOTHING = { lines: [] as readonly LogLine[], next: undefined as number | undefined, missed: 0 };

/** Follows the log, or stands still while it `isPaused`; another filter begins anew. */
export function useLog(filter: LogFilter, isPaused: boolean): ReadLog {
  const question = JSON.stringify(filter);
  const read = useRef({ question, ...NOTHING });
  if (read.current.question !== question) read.current = { question, ...NOTHING };
  const { data, error } = usePoll(
    async () => {
      const before = read.current;
      if (isPaused) return { ...before, level: undefined };
      const page = await getLog(filter, before.next);
      // The question may have become another one while this one was answered.
      if (read.current.question === question) read.current = { question, ...extend(before, page) };
      return { ...read.current, level: page.level };
    },
    1_500,
    `${question} ${isPaused}`,
  );
  useEffect(() => noticeRefusal(error), [error]);
  return { lines: read.current.lines, level: data?.level, missed: read.current.missed, error };
}

/** What was read with the lines that follow; the oldest make room. */
function extend({ lines, missed }: typeof NOTHING, page: LogPage): typeof NOTHING {
  const all = [...page.lines.toReversed(), ...lines].slice(0, MOST_LINES);
  return { lines: all, next: page.next, missed: missed + page.missed };
}
