import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Siblings } from '../net/siblings.ts';
import type { Source } from './subscription.ts';

/** Another worker of this node, as one who fetches from it sees it. */
export class Sibling implements Source {
  readonly name: string;
  readonly host = '';
  readonly node: string;
  readonly isInner = true;
  /** It is the same machine's. */
  readonly ahead = 0;
  readonly #door: string;

  constructor(worker: number, siblings: Siblings) {
    this.name = this.node = `worker ${worker}`;
    this.#door = siblings.door('relay', worker);
  }

  async open(signal: AbortSignal): Promise<Duplex> {
    const socket = connect(this.#door);
    try {
      await once(socket, 'connect', { signal });
      return socket.on('error', () => {});
    } catch (error) {
      socket.on('error', () => {}).destroy();
      throw error;
    }
  }
}
