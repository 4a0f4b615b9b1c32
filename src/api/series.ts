/** Values by name, at one moment; those that are not known are absent. */
export type Values<Name extends string> = Readonly<Partial<Record<Name, number>>>;

/** What a series has, the oldest first; `null` where it was not known. */
export interface Reading<Name extends string> {
  /** Counts the steps since 1970. */
  readonly slots: readonly number[];
  readonly columns: Readonly<Record<Name, readonly (number | null)[]>>;
}

/** Some values over time, a row for each step, as many as it was made for: a new one takes the place of the oldest. */
export class Series<Name extends string> {
  readonly #size: number;
  readonly #slots: Float64Array;
  readonly #columns: ReadonlyMap<Name, Float64Array>;

  constructor(names: readonly Name[], size: number) {
    this.#size = size;
    this.#slots = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    this.#columns = new Map(names.map((name) => [name, new Float64Array(size)]));
  }

  put(slot: number, values: Values<Name>): void {
    const at = slot % this.#size;
    this.#slots[at] = slot;
    for (const [name, column] of this.#columns) column[at] = values[name] ?? Number.NaN;
  }

  /** The rows after step `after`, of those that lead up to step `last`. */
  read(last: number, after = Number.NEGATIVE_INFINITY): Reading<Name> {
    const first = Math.max(after + 1, last - this.#size + 1);
    const slots = Array.from(this.#slots)
      .filter((slot) => slot >= first && slot <= last)
      .sort((a, b) => a - b);
    const valuesOf = (column: Float64Array) =>
      slots.map((slot) => {
        const value = column[slot % this.#size]!;
        return Number.isNaN(value) ? null : value;
      });
    const columns = Array.from(this.#columns, ([name, column]) => [name, valuesOf(column)]);
    return { slots, columns: Object.fromEntries(columns) as Reading<Name>['columns'] };
  }
}

/** Several readings of the same columns as one: `add` makes one value of those of a step. */
export function mergeReadings<Name extends string>(
  readings: readonly Reading<Name>[],
  names: readonly Name[],
  add: (name: Name, values: readonly number[]) => number,
): Reading<Name> {
  if (readings.length === 1) return readings[0]!;
  const slots = [...new Set(readings.flatMap((reading) => reading.slots))].sort((a, b) => a - b);
  const rows = readings.map((reading) => new Map(reading.slots.map((slot, row) => [slot, row])));
  const valueAt = (name: Name, slot: number) => {
    const values = readings.map(({ columns }, i) => columns[name][rows[i]!.get(slot) ?? -1] ?? null);
    const known = values.filter((value) => value !== null);
    return known.length > 0 ? add(name, known) : null;
  };
  const columns = names.map((name) => [name, slots.map((slot) => valueAt(name, slot))]);
  return { slots, columns: Object.fromEntries(columns) as Reading<Name>['columns'] };
}
