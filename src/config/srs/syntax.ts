import { ConfigError } from '../load.ts';

/** A directive in the manner of nginx: a name, arguments, and a block if it has one. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Directive[] | undefined;
  /** For people: `file:line`. */
  readonly where: string;
}

/** What a file with all that it includes may hold: characters, directives, blocks in one another, words of a directive. */
export const LIMITS = { text: 1024 * 1024, directives: 20_000, depth: 16, words: 256 } as const;

const LINE_FEED = '\n';
const SPACE = /[ \t\r\n]/;
const QUOTE = /["']/;
/** Ends a word that is not quoted; all else may be part of one, `}` and `#` included. */
const END_OF_WORD = /[ \t\r\n;{]/g;

/** Reads a configuration file of SRS; `name` is what messages call it. Throws {@link ConfigError} with one line. */
export function parseDirectives(name: string, text: string): Directive[] {
  if (text.length > LIMITS.text) throw new ConfigError([`${name}: larger than ${LIMITS.text} characters`]);
  return new Reader(name, text.replace(/^\uFEFF/, '')).readAll();
}

class Reader {
  readonly #name: string;
  readonly #text: string;
  #at = 0;
  #line = 1;
  #count = 0;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
  }

  readAll(): Directive[] {
    const directives = this.#block(0);
    if (this.#at < this.#text.length) throw this.#wrong('"}" closes nothing');
    return directives;
  }

  /** Everything up to the end of the block or file, which is not read. */
  #block(depth: number): Directive[] {
    if (depth > LIMITS.depth) throw this.#wrong(`more than ${LIMITS.depth} blocks in one another`);
    const directives: Directive[] = [];
    for (this.#skip(); this.#at < this.#text.length && this.#next !== '}'; this.#skip()) {
      if (++this.#count > LIMITS.directives) throw this.#wrong(`more than ${LIMITS.directives} directives`);
      directives.push(this.#directive(depth));
    }
    return directives;
  }

  #directive(depth: number): Directive {
    const line = this.#line;
    const [name, ...args] = this.#words();
    const where = `${this.#name}:${line}`;
    if (name === undefined) throw this.#wrong(`"${this.#next}" without a name before it`);
    if (this.#take() === ';') return { name, args, block: undefined, where };
    const block = this.#block(depth + 1);
    if (this.#next !== '}') throw new ConfigError([`${where}: the block of ${brief(name)} is not closed`]);
    this.#at++;
    return { name, args, block, where };
  }

  /** The words up to `;` or `{`. */
  #words(): string[] {
    const words: string[] = [];
    for (this.#skip(); this.#next !== ';' && this.#next !== '{'; this.#skip()) {
      if (this.#at === this.#text.length) throw this.#wrong('the file ends where ";" or "{" should be');
      if (this.#next === '}') throw this.#wrong('"}" where ";" should be');
      if (words.length === LIMITS.words) throw this.#wrong(`more than ${LIMITS.words} words without ";"`);
      words.push(QUOTE.test(this.#next) ? this.#quoted() : this.#bare());
    }
    return words;
  }

  #bare(): string {
    const start = this.#at;
    END_OF_WORD.lastIndex = start;
    this.#at = END_OF_WORD.exec(this.#text)?.index ?? this.#text.length;
    return this.#text.slice(start, this.#at);
  }

  #quoted(): string {
    const quote = this.#take();
    const end = this.#text.indexOf(quote, this.#at);
    if (end < 0) throw this.#wrong(`the ${quote} is not closed`);
    const word = this.#text.slice(this.#at, end);
    this.#line += word.split(LINE_FEED).length - 1;
    this.#at = end + 1;
    if (this.#at < this.#text.length && !/[ \t\r\n;{]/.test(this.#next))
      throw this.#wrong(`${JSON.stringify(this.#next)} right behind a quoted word`);
    return word;
  }

  /** Passes over spaces and comments. */
  #skip(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      if (this.#next === '#') this.#at = this.#endOfLine();
      if (this.#at === this.#text.length || !SPACE.test(this.#next)) return;
      if (this.#next === LINE_FEED) this.#line++;
    }
  }

  #endOfLine(): number {
    const end = this.#text.indexOf(LINE_FEED, this.#at);
    return end < 0 ? this.#text.length : end;
  }

  get #next(): string {
    return this.#text.charAt(this.#at);
  }

  #take(): string {
    return this.#text.charAt(this.#at++);
  }

  #wrong(what: string): ConfigError {
    return new ConfigError([`${this.#name}:${this.#line}: ${what}`]);
  }
}

const BLANK_LINE = /^\s*(?:#|$)/;
const DIRECTIVE = /^\uFEFF?\s*[A-Za-z_]\w*(?:[\s;{]|$)/;

/** Whether a text is a configuration of SRS, and not YAML, which begins with `name:`. */
export function isSrsText(text: string): boolean {
  const first = text.split(LINE_FEED).find((line) => !BLANK_LINE.test(line));
  return first !== undefined && DIRECTIVE.test(first);
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
