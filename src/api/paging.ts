import { ApiError } from './error.ts';
import type { Parameter } from './operation.ts';

/** The parameters that {@link page} reads. */
export const paging: readonly Parameter[] = [
  {
    name: 'start',
    description: 'How many entries to leave out at the beginning.',
    schema: { type: 'integer', minimum: 0, default: 0 },
  },
  {
    name: 'count',
    description: 'How many entries to give at most; all when absent.',
    schema: { type: 'integer', minimum: 1 },
  },
];

/** The part of a list that the query asks for. Throws {@link ApiError} 400 when it asks for nonsense. */
export function page<Item>(items: readonly Item[], url: URL): readonly Item[] {
  const { start, end } = bounds(url);
  return items.slice(start, end);
}

/** How many entries of a list are enough for the part of it that the query asks for. Throws as {@link page} does. */
export function lastOfPage(url: URL): number {
  return bounds(url).end;
}

function bounds({ searchParams }: URL): { readonly start: number; readonly end: number } {
  const start = readNumber('start', searchParams.get('start') ?? '0', 0);
  const count = readNumber('count', searchParams.get('count') ?? String(Number.MAX_SAFE_INTEGER), 1);
  return { start, end: start + count };
}

function readNumber(name: string, text: string, least: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  if (number < least) throw new ApiError(400, `${name} must be a whole number from ${least} on`);
  return number;
}
