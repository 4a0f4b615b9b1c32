import { createServer, type Server } from 'node:net';
import type { Context } from '../module.ts';
import { listenInside } from '../net/listen.ts';
import { Pacer } from '../net/pacer.ts';
import type { Edge } from './edge.ts';
import { serveNode } from './origin.ts';
import { Publications } from './publication.ts';

/** Where the other workers of this node fetch the streams that this one has. */
export class InnerDoor {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(context: Context, edge: Edge): Promise<InnerDoor> {
    const { config, clock, log, siblings } = context;
    // Viewers of other workers must not wait for what is gathered here, and there once more.
    const pacer = new Pacer({ ...config.fanout, burstMin: 0 }, clock, (error) =>
      log.error({ error }, 'a muxer failed: its workers are closed'),
    );
    const isAsking = (_: string, path: string) => !edge.isSource(path);
    const ground = { context: { ...context, pacer }, nodeId: '', isAsking, publications: new Publications() };
    const peer = { node: 'a worker', remote: '', isInner: true };
    const server = createServer((socket) => void serveNode(ground, socket, peer));
    await listenInside(server, siblings.door('relay', siblings.worker));
    return new InnerDoor(server);
  }

  close(): void {
    this.#server.close();
  }
}
