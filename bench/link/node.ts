import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverRun } from '../../scripts/prepare.mjs';
import { Child, type Usage } from '../process.ts';
import { now } from './moment.ts';
import type { End } from './path.ts';

/** A line of a server's log. */
type Line = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** Options as they stand in the file. */
export type Options = Readonly<Record<string, object>>;

/** Where and how a node runs. */
export interface NodePlace {
  readonly end: End;
  readonly cores: string;
  /** For its configuration and its state. */
  readonly folder: string;
  /** Options for Node. */
  readonly flags?: readonly string[];
}

const READY_MILLISECONDS = 15_000;
const EVERYWHERE = { log: { format: 'json' }, access: { adminToken: 'bench' } };

/** A Headwater server at one end of the path. */
export class LinkNode {
  readonly #child: Child;
  readonly #start: () => Promise<LinkNode>;
  readonly #lines: Line[] = [];
  /** When each message was logged last, by moment.ts. */
  readonly #moments = new Map<string, number>();
  /** Why it has ended, if it has. */
  #end = '';

  private constructor(child: Child, start: () => Promise<LinkNode>) {
    this.#child = child;
    this.#start = start;
  }

  /** Resolves when it listens. */
  static async start(name: string, place: NodePlace, options: Options): Promise<LinkNode> {
    const { end, cores, folder, flags = [] } = place;
    mkdirSync(folder, { recursive: true });
    const config = join(folder, `${name}.yaml`);
    writeFileSync(config, JSON.stringify({ ...EVERYWHERE, ...options }));
    const { args, env } = serverRun('--config', config);
    const command = [...end.enter, process.execPath, ...flags, ...args];
    const child = new Child(`the ${name}`, cores, command, {
      env: { ...env, NODE_ENV: 'production' } as Record<string, string>,
    });
    const node = new LinkNode(child, () => LinkNode.start(name, place, options));
    void node.#listen();
    const deadline = now() + READY_MILLISECONDS;
    while (node.logged('started').length === 0 && now() < deadline && child.running) await sleep(10);
    if (node.logged('started').length > 0) return node;
    child.kill();
    throw new Error(`the ${name} does not start${node.#end && `: ${node.#end}`}`);
  }

  usage(): Usage {
    return this.#child.usage();
  }

  /** What it has logged with this message. */
  logged(message: string): readonly Line[] {
    return this.#lines.filter(({ msg }) => msg === message);
  }

  /** When it has logged this message last; undefined if it never has. */
  loggedAt(message: string): number | undefined {
    return this.#moments.get(message);
  }

  /** All that it has logged. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** What it has warned of so far. */
  get warnings(): readonly string[] {
    const grave = this.#lines.filter(({ level }) => level === 'warn' || level === 'error');
    return grave.map(({ msg, reason }) => (reason === undefined ? msg : `${msg}: ${String(reason)}`));
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  /** As by SIGKILL. */
  kill(): Promise<void> {
    this.#child.kill();
    return this.#child.ended();
  }

  /** The same node once more, after it has ended. */
  again(): Promise<LinkNode> {
    return this.#start();
  }

  /** What it says to people at its first start is no log. */
  #read(line: string): void {
    if (!line.startsWith('{')) return;
    const read = JSON.parse(line) as Line;
    this.#lines.push(read);
    this.#moments.set(read.msg, now());
  }

  /** Its log has to be read, or it would stand still. */
  async #listen(): Promise<void> {
    try {
      for (;;) this.#read(await this.#child.line());
    } catch (error) {
      this.#end = (error as Error).message;
    }
  }
}
