import { RefusedError } from '../base/errors.ts';
import type { Signal } from '../base/signal.ts';
import type { StreamPath } from './path.ts';

/** What reading a file is bounded by. */
export interface Reading {
  /** How many bytes it may have at most. */
  readonly most: number;
  readonly signal: Signal;
}

/**
 * Reads a file that is made of a stream, such as a segment of HLS, by its name: in pieces. Rejects with {@link RefusedError},
 * `not-found` where there is none of that name and `too-large` where it is larger than told, and with what `signal` says when it aborts.
 */
export type ReadFile = (name: string, reading: Reading) => Promise<readonly Uint8Array[]>;

/** The same, of any stream of this node. */
export type ReadFileOf = (path: StreamPath, name: string, reading: Reading) => Promise<readonly Uint8Array[]>;

/** The files that are made of this node's streams, for other nodes, and those that these make. */
export class Files {
  /** Who may have the stream of a path, or know of it, though it is not here. */
  elsewhere: (path: StreamPath) => readonly ReadFile[] = () => [];
  /** Reads one, as whoever makes them does. */
  read: ReadFileOf = (_, name) => Promise.reject(new RefusedError('not-found', `nobody makes ${name} here`));
}
