/**
 * A systematic Reed–Solomon code over GF(2^8), x⁸+x⁴+x³+x²+1: parity rows are sums of the symbols weighted by a Cauchy matrix,
 * so that any `n` rows restore any `n` symbols. Each column is divided by its first coefficient: row 0 is the plain XOR.
 */
import { assert } from '../../base/errors.ts';

/** So many symbols are protected together at most. */
export const MOST_SYMBOLS = 128;
/** So many rows of parity can be made of them. */
export const MOST_ROWS = 128;

const POLYNOMIAL = 0x11d;
/** So many rows are summed up at once, one in each byte of a word. */
const LANES = 4;

/** All products, by factor times 256 plus factor; and what gives 1 with each. */
const PRODUCTS = new Uint8Array(0x1_0000);
const INVERSES = new Uint8Array(256);
for (let a = 1; a < 256; a++) {
  for (let b = 1; b < 256; b++) {
    const product = multiply(a, b);
    PRODUCTS[(a << 8) | b] = product;
    if (product === 1) INVERSES[a] = b;
  }
}
/** The products of a byte with the coefficients of the rows that are summed up; in the same memory each time. */
const LANE_PRODUCTS = new Uint32Array(256);

/** A row of parity as it came. */
export interface ParityRow {
  readonly row: number;
  readonly bytes: Uint8Array;
}

/** `count` rows of parity from `first` on, each as long as the longest symbol: shorter ones count as if zeros followed. */
export function parityOf(symbols: readonly Uint8Array[], first: number, count: number): Uint8Array[] {
  assert(symbols.length <= MOST_SYMBOLS && first + count <= MOST_ROWS, 'a code of that size');
  const length = symbols.reduce((longest, symbol) => Math.max(longest, symbol.length), 0);
  const rows = Array.from({ length: count }, (_, i) => first + i);
  return weightedSums(symbols, rows, length);
}

/**
 * The missing symbols, by column, of those that the parity was made of; undefined while there are fewer rows than that. They are as
 * long as the rows, which are all of one length, no shorter than a symbol, and differ from one another.
 */
export function restore(
  symbols: readonly (Uint8Array | undefined)[],
  rows: readonly ParityRow[],
): Map<number, Uint8Array> | undefined {
  const missing = [...symbols.keys()].filter((column) => symbols[column] === undefined);
  if (rows.length < missing.length) return undefined;
  const used = rows.slice(0, missing.length);
  const numbers = used.map(({ row }) => row);
  // What the missing ones add to each row.
  const sums = weightedSums(symbols, numbers, used[0]?.bytes.length ?? 0);
  for (const [i, { bytes }] of used.entries()) addProduct(sums[i]!, bytes, 1);
  solve(
    numbers.map((row) => Uint8Array.from(missing, (column) => coefficient(row, column))),
    sums,
  );
  return new Map(missing.map((column, i) => [column, sums[i]!]));
}

/** For each of the rows, the sum of the symbols that are there, each times its coefficient. */
function weightedSums(
  symbols: readonly (Uint8Array | undefined)[],
  rows: readonly number[],
  length: number,
): Uint8Array[] {
  const sums = rows.map(() => new Uint8Array(length));
  const words = new Uint32Array(length);
  for (let at = 0; at < rows.length; at += LANES) {
    words.fill(0);
    for (const [column, symbol] of symbols.entries()) {
      if (!symbol) continue;
      multiplyLanes(rows, at, column);
      for (let i = 0; i < symbol.length; i++) words[i]! ^= LANE_PRODUCTS[symbol[i]!]!;
    }
    for (let lane = 0; lane < LANES && at + lane < rows.length; lane++) takeLane(sums[at + lane]!, words, lane);
  }
  return sums;
}

/** Sets {@link LANE_PRODUCTS} to the products with the coefficients of up to four rows. */
function multiplyLanes(rows: readonly number[], at: number, column: number): void {
  const products = (lane: number) => (at + lane < rows.length ? coefficient(rows[at + lane]!, column) << 8 : 0);
  const [a, b, c, d] = [products(0), products(1), products(2), products(3)];
  for (let byte = 0; byte < 256; byte++) {
    const [low, high] = [
      PRODUCTS[a | byte]! | (PRODUCTS[b | byte]! << 8),
      PRODUCTS[c | byte]! | (PRODUCTS[d | byte]! << 8),
    ];
    LANE_PRODUCTS[byte] = low | (high << 16);
  }
}

function takeLane(sum: Uint8Array, words: Uint32Array, lane: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = words[i]! >>> (8 * lane);
}

/** Turns the sums into what they are sums of (Gauss–Jordan). No minor of a Cauchy matrix is 0, so no pivot has to be looked for. */
function solve(matrix: readonly Uint8Array[], sums: readonly Uint8Array[]): void {
  for (const [pivot, row] of matrix.entries()) {
    const inverse = INVERSES[row[pivot]!]!;
    scale(row, inverse);
    scale(sums[pivot]!, inverse);
    for (const [other, target] of matrix.entries()) {
      const factor = target[pivot]!;
      if (other === pivot || factor === 0) continue;
      addProduct(target, row, factor);
      addProduct(sums[other]!, sums[pivot]!, factor);
    }
  }
}

function coefficient(row: number, column: number): number {
  return PRODUCTS[(INVERSES[(MOST_SYMBOLS + row) ^ column]! << 8) | (MOST_SYMBOLS ^ column)]!;
}

function addProduct(target: Uint8Array, source: Uint8Array, factor: number): void {
  const products = PRODUCTS.subarray(factor << 8, (factor + 1) << 8);
  for (let i = 0; i < source.length; i++) target[i]! ^= products[source[i]!]!;
}

function scale(target: Uint8Array, factor: number): void {
  const products = PRODUCTS.subarray(factor << 8, (factor + 1) << 8);
  for (let i = 0; i < target.length; i++) target[i] = products[target[i]!]!;
}

/** Without the table: shift and add. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (product & 0x80 ? POLYNOMIAL : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}
