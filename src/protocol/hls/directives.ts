import { ProtocolError } from '../../base/errors.ts';

/** What a player asks of a media playlist (HLS, 6.2.5). */
export interface Directives {
  /** The answer is to have this segment, or the part of it. */
  readonly segment: number | undefined;
  readonly part: number | undefined;
  /** Whether what the player has seen may be left out. */
  readonly skip: boolean;
}

const NUMBER = /^\d{1,15}$/;

/** Reads the directives of a request. Throws {@link ProtocolError} where they make no sense. */
export function readDirectives(query: URLSearchParams): Directives {
  const [segment, part] = [readNumber(query, '_HLS_msn'), readNumber(query, '_HLS_part')];
  if (part !== undefined && segment === undefined) throw new ProtocolError('_HLS_part without _HLS_msn');
  const skip = query.get('_HLS_skip');
  return { segment, part, skip: skip === 'YES' || skip === 'v2' };
}

function readNumber(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!NUMBER.test(value)) throw new ProtocolError(`${name} is no number`);
  return Number(value);
}
