/** Something in pieces, once it is there. */
type Pieces = readonly Uint8Array[];

interface Entry {
  readonly pieces: Promise<Pieces | undefined>;
  bytes: number;
}

/** What had to be made or fetched, by its name: once for however many ask, and kept as long as there is room. */
export class Kept {
  readonly #most: number;
  /** Who was asked for last is the last. */
  readonly #entries = new Map<string, Entry>();

  /** `most` is how much is kept, in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** What goes by a name, made now if it is not here. What could not be made is made again when it is asked for again. */
  get(name: string, make: () => Promise<Pieces | undefined>): Promise<Pieces | undefined> {
    const entry = this.#entries.get(name) ?? this.#make(name, make());
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.pieces;
  }

  #make(name: string, pieces: Promise<Pieces | undefined>): Entry {
    const entry: Entry = { pieces, bytes: 0 };
    const drop = () => this.#entries.delete(name);
    pieces.then((made) => (made ? this.#weigh(entry, made) : drop()), drop);
    return entry;
  }

  #weigh(entry: Entry, pieces: Pieces): void {
    entry.bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    let total = 0;
    for (const [name, { bytes }] of [...this.#entries].toReversed()) {
      total += bytes;
      if (total > this.#most) this.#entries.delete(name);
    }
  }
}
