import type { StreamPath } from '../hub/path.ts';

/** Who asks for lines, and for which. */
export interface LinesWish {
  readonly path: StreamPath;
  /** Whoever asks again is counted once; empty where nobody says. */
  readonly viewer: string;
  /** Those that can be used, the dearest first; empty for all. */
  readonly protocols: readonly string[];
  /** Ids of nodes that are not wanted, unless there is no other. */
  readonly exclude: readonly string[];
  /** Where the viewer is; empty where nobody says. */
  readonly region: string;
  /** How far away nodes were found to be, by id: the time to them and back in milliseconds. */
  readonly probes: Readonly<Record<string, number>>;
  /** Whether a place is kept at the first one. */
  readonly reserve: boolean;
  /** What goes along with the URLs, such as `token=…`. */
  readonly query: string;
  /** By which the server was reached: `host:port`. */
  readonly host: string;
}

/** One way to get a stream, or to publish it. Names are those of the API. */
export interface Line {
  /** Node and protocol: `5f0c1d6e9ab24c7f8e31/http-flv`. */
  readonly id: string;
  readonly node: string;
  readonly name: string;
  readonly region: string;
  readonly protocol: string;
  /** Without scheme and host where it is at the server that was asked, and nobody knows that by another name. */
  readonly url: string;
  /** How late what comes by it is expected to be, in milliseconds. */
  readonly delay_ms: number;
  /** 1 is all that the node can do. */
  readonly load: number;
  readonly has_stream: boolean;
}

/** Lines, best first, and where one hears what becomes of them. */
export interface Lines {
  readonly lines: readonly Line[];
  readonly events: string;
}

/** Who is to go elsewhere, of those who play and listen: all whom all of this fits. */
export interface MoveWish {
  /** Who may be at this node, by its id, or at one of this region. */
  readonly node?: string | undefined;
  readonly region?: string | undefined;
  readonly path?: StreamPath | undefined;
  /** The node to which they are sent, by its id; else they choose any but those. */
  readonly to?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** How many are told a second, by each node at which they listen; else as many as its configuration says. */
  readonly pace?: number | undefined;
}

/** How far a move is, at all nodes that tell together. */
export interface MoveReport {
  /** Of those who listen: how many are meant, and were told so far. */
  readonly meant: number;
  readonly told: number;
  /** How many watched, when it began, where they are to leave, and how many of these are there still. */
  readonly viewers: number;
  readonly stay: number;
  /** How many nodes do not tell. */
  readonly silent: number;
}

/** How far a node is that is to be left. */
export interface DrainReport {
  readonly node: string;
  /** Since when, in microseconds since 1970; undefined where it is not to be left. */
  readonly since: number | undefined;
  /** Who is there, as it last said. */
  readonly viewers: number;
  readonly publishers: number;
  /** Whether it has said, since it is to be left, that nobody is there; undefined for a node that does not say such things. */
  readonly isEmpty: boolean | undefined;
}

/** Gives out lines; what it refuses is a `RefusedError`. */
export interface Dispatch {
  /** The ways to watch a stream. Refuses where all nodes are full. */
  lines(wish: LinesWish): Promise<Lines>;
  /** The ways to publish one. */
  ingestLines(wish: LinesWish): Promise<readonly Line[]>;
  /** Sends viewers elsewhere, at whichever node they listen; resolves to the move's id. Rejects when the directory cannot be reached. */
  move(wish: MoveWish): Promise<string>;
  /** How far a move is. Refuses where none of that id is known any more. */
  moved(id: string): MoveReport;
  /** Has all leave a node, or no more; `node` is its id, or `self`. Refuses where there is no such node, or no other one. */
  drain(node: string, isDraining: boolean): Promise<DrainReport>;
  /** How far a node is. Refuses where there is none. */
  drained(node: string): Promise<DrainReport>;
  /** Whether all are to leave this node. */
  readonly isDraining: boolean;
  /** Where those go who come while this node is drained: `http://HOST:PORT` or `rtmp://HOST:PORT`; else undefined. */
  elsewhere(protocol: 'http' | 'rtmp', role: 'play' | 'publish', path: StreamPath): string | undefined;
}
