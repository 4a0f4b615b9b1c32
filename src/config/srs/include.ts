import { dirname, resolve } from 'node:path';
import { ConfigError } from '../load.ts';
import { type Directive, LIMITS, parseDirectives } from './syntax.ts';

/** Where included files come from. */
export interface Files {
  /** The folder in which the program runs. */
  readonly folder: string;
  /** The text of a file by its whole name; undefined when there is none. */
  read(file: string): string | undefined;
}

/** How many files may be included in all. */
const MOST_FILES = 100;

/** Reads a file of SRS with all that it includes; `name` is what messages call it. Throws {@link ConfigError} with one line. */
export function readDirectives(name: string, text: string, files: Files): Directive[] {
  return new Includer(files).include(name, text, [resolve(files.folder, name)]);
}

class Includer {
  readonly #files: Files;
  #count = 0;
  #size = 0;

  constructor(files: Files) {
    this.#files = files;
  }

  /** `chain` are the whole names of the files that lead here, this one's last. */
  include(name: string, text: string, chain: readonly string[]): Directive[] {
    this.#size += text.length;
    if (this.#size > LIMITS.text)
      throw new ConfigError([`${name}: with what was included before, more than ${LIMITS.text} characters`]);
    return this.#expand(parseDirectives(name, text), chain);
  }

  #expand(directives: readonly Directive[], chain: readonly string[]): Directive[] {
    return directives.flatMap((directive) => {
      const { name, args, block } = directive;
      if (name === 'include' && !block) return args.flatMap((file) => this.#read(file, directive, chain));
      return [block ? { ...directive, block: this.#expand(block, chain) } : directive];
    });
  }

  #read(name: string, { where }: Directive, chain: readonly string[]): Directive[] {
    if (++this.#count > MOST_FILES) throw new ConfigError([`${where}: more than ${MOST_FILES} files are included`]);
    // The second is where SRS itself begins.
    for (const folder of [dirname(chain.at(-1)!), this.#files.folder]) {
      const file = resolve(folder, name);
      if (chain.includes(file)) throw new ConfigError([`${where}: ${name} would include itself`]);
      const text = this.#files.read(file);
      if (text !== undefined) return this.include(name, text, [...chain, file]);
    }
    throw new ConfigError([`${where}: there is no file ${name} to include`]);
  }
}
