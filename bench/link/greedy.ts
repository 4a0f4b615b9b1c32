import { join } from 'node:path';
import { Child } from '../process.ts';
import type { End, Path } from './path.ts';

const MAIN = join(import.meta.dirname, 'greedy-main.ts');
/** Both ends have all ports for themselves. */
const PORT = 5001;

/** A TCP connection from origin to edge that sends as much as it can. */
export class GreedyFlow {
  readonly #receiver: Child;

  /** Needs namespaces. `started` is told of every process, so that it is stopped whatever happens. */
  static async start(path: Path, cores: string, started: (child: Child) => void): Promise<GreedyFlow> {
    if (path.edge.enter.length === 0) throw new Error('--beside needs network namespaces');
    const receiver = await run('the receiver beside', path.edge, cores, ['receive', PORT], started);
    await run('the sender beside', path.origin, cores, ['send', PORT, path.edge.address], started);
    return new GreedyFlow(receiver);
  }

  private constructor(receiver: Child) {
    this.#receiver = receiver;
  }

  /** How many bytes have come so far. */
  async received(): Promise<number> {
    this.#receiver.say('report');
    const { bytes } = await this.#receiver.answer<{ bytes: number }>();
    return bytes;
  }
}

async function run(
  name: string,
  { enter }: End,
  cores: string,
  args: readonly (string | number)[],
  started: (child: Child) => void,
): Promise<Child> {
  const child = new Child(name, cores, [...enter, process.execPath, MAIN, ...args.map(String)]);
  started(child);
  await child.answer();
  return child;
}
