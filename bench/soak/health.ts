import { get } from 'node:http';
import type { Usage } from '../process.ts';
import type { RunningServer } from '../servers/server.ts';
import { median } from '../statistics.ts';
import type { Tally } from './tally.ts';

/** A line of the server's log. */
interface Line {
  readonly level: string;
}

/** How it is with the server's process, seen from outside. */
export class Health {
  /** What was found at every look. */
  readonly looks: Usage[] = [];
  readonly #server: RunningServer;
  readonly #tally: Tally;
  #isWatching = true;

  constructor(server: RunningServer, tally: Tally) {
    this.#server = server;
    this.#tally = tally;
    void this.#readLog();
  }

  look(): Usage {
    const usage = this.#server.child.usage();
    this.looks.push(usage);
    return usage;
  }

  /** What memory has grown by, from the median of the second third of all looks to that of the last one. */
  growth(): number {
    const memory = this.looks.map((usage) => usage.memory);
    const third = Math.floor(memory.length / 3);
    return median(memory.slice(2 * third)) / median(memory.slice(third, 2 * third));
  }

  /** What is still there of clients and streams, and of open files beyond so many. */
  async left(files: number): Promise<string[]> {
    const [clients, streams] = [await this.#total('clients'), await this.#total('streams')];
    const counts = { clients, streams, files: this.#server.child.usage().files - files };
    return Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
  }

  /** From now on the server may end. */
  close(): void {
    this.#isWatching = false;
  }

  async #readLog(): Promise<void> {
    try {
      for (;;) this.#take(await this.#server.child.answer<Line>());
    } catch (error) {
      if (this.#isWatching) this.#tally.fault('deaths of the server', (error as Error).message);
    }
  }

  #take(line: Line): void {
    if (line.level === 'error' || line.level === 'fatal') this.#tally.fault('errors in the log', JSON.stringify(line));
    else this.#tally.count('warnings');
  }

  /** How many of a resource the API has. The connection is not kept: it would count among the server's files. */
  #total(resource: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const url = `http://127.0.0.1:${this.#server.httpPort}/api/v1/${resource}`;
      const read = async (parts: Promise<Buffer[]>): Promise<number> =>
        (JSON.parse(Buffer.concat(await parts).toString()) as { total: number }).total;
      get(url, { agent: false }, (response) => resolve(read(response.toArray()))).on('error', reject);
    });
  }
}
