import type { Protocol } from '../load.ts';
import type { Child } from '../process.ts';

export interface StartOptions {
  /** The cores that the server is pinned to, as taskset takes them. */
  readonly cores: string;
  /** An empty folder for what the server writes. */
  readonly folder: string;
  /** Bytes are gathered for so many milliseconds before they are written to viewers, or read from publishers. */
  readonly gather?: number;
  /** How many processes Headwater is made of; one unless told otherwise. */
  readonly workers?: number;
  /** What is to be measured. */
  readonly task: 'play' | 'publish';
  /** Options of Headwater by their environment variables; the lines of its log are then to be read as answers. */
  readonly options?: Readonly<Record<string, string>>;
}

export interface RunningServer {
  readonly child: Child;
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** Milliseconds from its start to its listening. */
  readonly startup: number;
}

/** A kind of server that the bench can start. */
export interface ServerKind {
  readonly name: string;
  readonly protocols: readonly Protocol[];
  /** Whether it needs a publisher; one that does not plays the clip by itself. */
  readonly needsSource: boolean;
  /** What is missing to run it here, and how to get it. */
  missing(): string | undefined;
  start(options: StartOptions): Promise<RunningServer>;
}
