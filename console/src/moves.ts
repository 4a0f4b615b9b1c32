import { call } from './api.ts';

/** Who is to go elsewhere, and where: as the API has it. */
export interface MoveWish {
  readonly node?: string;
  readonly stream?: string;
  readonly to?: string;
  /** So many are told a second by each node; as configured where it is absent. */
  readonly pace?: number;
}

/** How far a move is. */
export interface MoveProgress {
  /** Players that listen and are meant, and how many of them were told. */
  readonly listeners: number;
  readonly told: number;
  /** Who watched where they are to leave, and how many of these have left. */
  readonly viewers: number;
  readonly gone: number;
  /** Nodes that do not tell. */
  readonly silent: number;
}

/** How many may be told a second. */
export const paces = { least: 1, most: 100_000 };

/** Begins a move; resolves to its id. */
export async function startMove(wish: MoveWish): Promise<string> {
  return (await call<{ move: string }>('POST', '/move', wish)).move;
}

export function getMove(id: string): Promise<MoveProgress> {
  return call<MoveProgress>('GET', `/move/${encodeURIComponent(id)}`);
}

/** A node with viewers who may be moved, or to which some may be sent. */
export interface Place {
  readonly id: string;
  readonly viewers: number;
}

/** The nodes at which a stream is watched, most viewers first. */
export function placesOf(viewers: readonly { readonly node: string; readonly viewers: number }[]): readonly Place[] {
  const places = new Map<string, number>();
  for (const { node, viewers: count } of viewers) places.set(node, (places.get(node) ?? 0) + count);
  return Array.from(places, ([id, count]) => ({ id, viewers: count })).toSorted((a, b) => b.viewers - a.viewers);
}

/** How many are where they are to leave: at node `from`, or where that is empty at all but `to`. */
export function leaving(places: readonly Place[], from: string, to: string): number {
  const left = places.filter(({ id }) => (from === '' ? id !== to : id === from));
  return left.reduce((sum, { viewers }) => sum + viewers, 0);
}

/** The pace that was typed: undefined where nothing was, `wrong` where it is none. */
export function readPace(text: string): number | 'wrong' | undefined {
  if (text.trim() === '') return undefined;
  const pace = Number(text);
  return Number.isInteger(pace) && pace >= paces.least && pace <= paces.most ? pace : 'wrong';
}
