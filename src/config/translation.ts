/** One option, with what asks for it: `file:line`, or each element's where it is a list. */
interface Entry {
  value: unknown;
  readonly where: string[];
}

type Branch = { [name: string]: unknown };

/** A configuration in another dialect, in our terms: options by section and name, and where each comes from. */
export class Translation {
  /** Whose dialect it is, such as `SRS`. */
  readonly dialect: string;
  /** A line for everything that means nothing here, or something else. */
  readonly warnings: string[] = [];
  readonly #name: string;
  readonly #entries = new Map<string, Entry>();

  /** `name` is that of the file, for messages. */
  constructor(dialect: string, name: string) {
    this.dialect = dialect;
    this.#name = name;
  }

  /** The options that are set, such as `http.listen`. */
  get options(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Sets an option to what may stand in a file; `where` is what asks for it, such as `file:line`. */
  set(option: string, value: unknown, where: string): void {
    this.#entries.set(option, { value, where: [where] });
  }

  /** Appends to a list. */
  add(option: string, element: unknown, where: string): void {
    const { value, where: places } = this.#entries.get(option) ?? { value: [], where: [] };
    this.#entries.set(option, { value: [...(value as unknown[]), element], where: [...places, where] });
  }

  /** Sets some options as another one has them, and appends where both have a list. */
  take(other: Translation, options: readonly string[]): void {
    for (const option of options) {
      const { value, where } = other.#entries.get(option)!;
      if (Array.isArray(value)) for (const [i, element] of value.entries()) this.add(option, element, where[i]!);
      else this.set(option, value, where[0]!);
    }
  }

  /** What an option was set to; undefined when it was not. */
  get(option: string): unknown {
    return this.#entries.get(option)?.value;
  }

  /** All options by section and name, in memory of the caller's own. */
  value(): Branch {
    const tree: Branch = {};
    for (const [option, { value }] of this.#entries) {
      const path = option.split('.');
      const branch = path.slice(0, -1).reduce((at, name) => (at[name] ??= {}) as Branch, tree);
      branch[path.at(-1)!] = structuredClone(value);
    }
    return tree;
  }

  /** What asks for an option, or for that which it is part of. */
  where(path: readonly PropertyKey[]): string {
    for (let length = path.length; length > 0; length--) {
      const entry = this.#entries.get(path.slice(0, length).join('.'));
      if (entry) return entry.where[Number(path[length])] ?? entry.where[0]!;
    }
    return this.#name;
  }
}
