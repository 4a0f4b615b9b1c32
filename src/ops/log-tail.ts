/** A line of the log as it was written: JSON, with its place in it. */
export interface TailLine {
  /** Counts up by one, from the microseconds since 1970 at which the log began: a later log begins above an earlier one. */
  readonly id: number;
  readonly text: string;
}

/** How grave a line is. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Which lines are wanted: those that fit everything that is said. */
export interface TailQuestion {
  /** Those after this one, the oldest first to be had; without it the newest. */
  readonly after?: number;
  readonly count: number;
  readonly session?: string;
  /** So grave or graver. */
  readonly level?: Level;
  /** What stands in the line, in capitals or not. */
  readonly text?: string;
}

/** Lines of the log, the oldest first. */
export interface TailPage {
  readonly lines: readonly TailLine[];
  /** After which line to go on. */
  readonly next: number;
  /** How many lines after the one asked for are not kept any more. */
  readonly missed: number;
}

/** Keeps the lines written last. */
export interface LogTail {
  keep(text: string): void;
  read(question: TailQuestion): Promise<TailPage>;
}

/** What is kept at most, in lines and in characters, and of one line. */
const MOST_LINES = 5_000;
const MOST_SIZE = 2 ** 21;
const LONGEST_LINE = 2 ** 14;
const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies Level[];

/** The last lines of this process, in memory that has a limit. */
export class KeptLines implements LogTail {
  readonly #lines: (string | undefined)[] = [];
  readonly #first: number;
  #tail = 0;
  #head = 0;
  #size = 0;

  /** `first` is the id of the first line. */
  constructor(first: number = Date.now() * 1000) {
    this.#first = first;
  }

  keep(text: string): void {
    const line = text.length > LONGEST_LINE ? shorten(text) : text;
    this.#lines[this.#head++ % MOST_LINES] = line;
    this.#size += line.length;
    while (this.#head - this.#tail >= MOST_LINES || this.#size > MOST_SIZE) this.#drop();
  }

  async read(question: TailQuestion): Promise<TailPage> {
    const { after, count } = question;
    const asked = after === undefined ? this.#tail : after + 1 - this.#first;
    const from = Math.min(Math.max(asked, this.#tail), this.#head);
    const missed = Math.max(0, from - Math.max(asked, 0));
    const lines = after === undefined ? this.#newest(question) : this.#following(from, question);
    const isCut = after !== undefined && lines.length === count;
    return { lines, next: isCut ? lines.at(-1)!.id : this.#first + this.#head - 1, missed };
  }

  #newest(question: TailQuestion): TailLine[] {
    const lines: TailLine[] = [];
    for (let at = this.#head - 1; at >= this.#tail && lines.length < question.count; at--)
      this.#take(at, question, lines);
    return lines.reverse();
  }

  #following(from: number, question: TailQuestion): TailLine[] {
    const lines: TailLine[] = [];
    for (let at = from; at < this.#head && lines.length < question.count; at++) this.#take(at, question, lines);
    return lines;
  }

  #take(at: number, question: TailQuestion, lines: TailLine[]): void {
    const text = this.#lines[at % MOST_LINES]!;
    if (fits(text, question)) lines.push({ id: this.#first + at, text });
  }

  #drop(): void {
    const slot = this.#tail++ % MOST_LINES;
    this.#size -= this.#lines[slot]!.length;
    this.#lines[slot] = undefined;
  }
}

function fits(line: string, { session, level, text }: TailQuestion): boolean {
  if (session !== undefined && !line.includes(`"session":${JSON.stringify(session)}`)) return false;
  if (level !== undefined && LEVELS.indexOf(levelOf(line)) < LEVELS.indexOf(level)) return false;
  return text === undefined || line.toLowerCase().includes(text.toLowerCase());
}

function levelOf(line: string): string {
  return /^\{"level":"(\w+)"/.exec(line)?.[1] ?? 'error';
}

/** A line too long to be kept, as a line again. */
function shorten(text: string): string {
  const { level, time, session, msg } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ level, time, session, msg: `${String(msg).slice(0, 1000)} … (${text.length} characters)` });
}
