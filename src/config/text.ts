import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';

/** The YAML of a configuration file, with the lines on which its options stand. */
export class ConfigText {
  /** A line for everything that is not YAML. */
  readonly problems: readonly string[];
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const problems = this.#document.errors.map((error) => `${this.#at(error.pos[0])}: not YAML: ${error.message}`);
    this.problems = problems.length > 0 ? problems : this.#aliasProblems();
  }

  /** Aliases are followed only when the values are asked for: to nothing, or to so much that it is an attack. */
  #aliasProblems(): string[] {
    try {
      this.value();
      return [];
    } catch (error) {
      return [`${this.#name}: not YAML: ${(error as Error).message}`];
    }
  }

  /** What the file says, in memory of the caller's own; an empty file says `{}`. */
  value(): unknown {
    return this.#document.toJS() ?? {};
  }

  /** Where the option stands, as `file:line`; where its section stands when it is itself absent. */
  where(path: readonly PropertyKey[]): string {
    let offset = 0;
    for (let length = path.length; length > 0 && offset === 0; length--) offset = this.#offset(path.slice(0, length));
    return this.#at(offset);
  }

  #offset(path: readonly PropertyKey[]): number {
    const parent = path.length > 1 ? this.#document.getIn(path.slice(0, -1), true) : this.#document.contents;
    if (!isMap(parent)) return (this.#document.getIn(path, true) as { range?: [number] } | undefined)?.range?.[0] ?? 0;
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1));
    return (pair?.key as { range?: [number] } | undefined)?.range?.[0] ?? 0;
  }

  #at(offset: number): string {
    return `${this.#name}:${this.#lines.linePos(offset).line}`;
  }
}
