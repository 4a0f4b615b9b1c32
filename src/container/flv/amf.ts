import { ProtocolError } from '../../base/errors.ts';

/** What AMF can say, as JavaScript says it. Byte arrays and what nobody can know (AMF0 "unsupported") are `undefined`. */
export type AmfValue = number | boolean | string | null | undefined | Date | AmfValue[] | AmfObject;

/** An object without a prototype, so that a peer's key `__proto__` is a key like any other. */
export type AmfObject = { [key: string]: AmfValue };

/** How deep values may be nested. */
export const MAX_DEPTH = 32;
/** How many values one payload may hold, counting again those that it repeats by reference. */
export const MAX_NODES = 4096;
/** How long a string may be, in bytes. */
export const MAX_STRING = 65_536;

const ECMA_ARRAY: AmfObject = Object.freeze(Object.create(null) as AmfObject);

/** An object with these entries, for callers that build one to be written. */
export function amfObject(entries: Readonly<Record<string, AmfValue>> = {}): AmfObject {
  return fill(Object.create(null) as AmfObject, entries);
}

/** An object that is written as an ECMA array: what players expect `onMetaData` to be. */
export function ecmaArray(entries: Readonly<Record<string, AmfValue>> = {}): AmfObject {
  return fill(Object.create(ECMA_ARRAY) as AmfObject, entries);
}

/** Whether an object came as an ECMA array, or is to be written as one. */
export function isEcmaArray(value: AmfObject): boolean {
  return Object.getPrototypeOf(value) === ECMA_ARRAY;
}

/** Whether a value is an object or an ECMA array. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Counts the values and the nesting of one payload against the limits. */
export class AmfBudget {
  #nodes = 0;
  #depth = 0;

  /** How many values were counted so far. */
  get nodes(): number {
    return this.#nodes;
  }

  spend(nodes: number): void {
    this.#nodes += nodes;
    if (this.#nodes > MAX_NODES) throw new ProtocolError(`AMF of more than ${MAX_NODES} values`);
  }

  enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new ProtocolError(`AMF nested more than ${MAX_DEPTH} deep`);
  }

  leave(): void {
    this.#depth--;
  }
}

/**
 * The complex values of a payload by the order in which they began, for those that refer back to them.
 * A value that contains itself is refused, and a repeated value costs its whole size again, so that whoever walks the
 * result is done after {@link MAX_NODES} steps.
 */
export class AmfReferences {
  readonly #budget: AmfBudget;
  readonly #values: ({ value: AmfValue; nodes: number } | undefined)[] = [];

  constructor(budget: AmfBudget) {
    this.#budget = budget;
  }

  /** Reads a complex value by `read` and remembers it. */
  add<T extends AmfValue>(read: () => T): T {
    const at = this.#values.push(undefined) - 1;
    const before = this.#budget.nodes;
    this.#budget.enter();
    const value = read();
    this.#budget.leave();
    this.#values[at] = { value, nodes: this.#budget.nodes - before };
    return value;
  }

  /** The value that was the `index`th to begin. */
  get(index: number): AmfValue {
    const entry = this.#values[index];
    if (entry === undefined) throw new ProtocolError(`AMF reference ${index} to no complete value`);
    this.#budget.spend(entry.nodes);
    return entry.value;
  }
}

function fill(object: AmfObject, entries: Readonly<Record<string, AmfValue>>): AmfObject {
  for (const key of Object.keys(entries)) object[key] = entries[key];
  return object;
}
