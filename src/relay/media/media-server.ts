import { randomInt } from 'node:crypto';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { ListenAddress } from '../../config/values.ts';
import type { Context } from '../../module.ts';
import type { BoundAddress } from '../../net/listen.ts';
import { connectionOf, isControl } from './control-cipher.ts';
import { EdgeLink, type EdgeNode } from './edge-link.ts';
import { Pushes } from './pushes.ts';
import { bindMedia } from './socket.ts';

/** Where an origin sends media from by UDP, and hears what its edges lack. */
export class MediaServer {
  readonly #context: Context;
  readonly #socket: Socket;
  readonly #links = new Map<number, EdgeLink>();
  /** Where media goes once for many edges. */
  readonly pushes: Pushes;

  /** Rejects with one plain sentence when the address, or the interface of multicast, cannot be had. */
  static async open(context: Context, address: ListenAddress): Promise<MediaServer> {
    const pushes = await Pushes.open(context);
    try {
      return new MediaServer(context, pushes, await bindMedia(address));
    } catch (error) {
      pushes.close();
      throw error;
    }
  }

  private constructor(context: Context, pushes: Pushes, socket: Socket) {
    this.#context = context;
    this.#socket = socket;
    this.pushes = pushes;
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
  }

  get address(): BoundAddress {
    const { address: host, port } = this.#socket.address();
    return { host, port };
  }

  /** Begins a link to an edge that has opened a control stream; `leave` ends it with that. */
  welcome(edge: EdgeNode): { readonly link: EdgeLink; readonly leave: () => void } {
    let connection = randomInt(2 ** 32);
    while (this.#links.has(connection)) connection = randomInt(2 ** 32);
    const link = new EdgeLink(edge, connection, this.address.port, this.#socket, this.#context.clock);
    this.#links.set(connection, link);
    const hide = this.#context.links.add(() => link.report());
    const leave = () => {
      hide();
      this.#links.delete(connection);
      link.close();
    };
    return { link, leave };
  }

  /** The link of this node that goes by this number, once it has come by UDP. */
  find(connection: number, node: string): EdgeLink | undefined {
    const link = this.#links.get(connection);
    return link?.isReached && link.edge.node === node ? link : undefined;
  }

  /** Closes the socket. All links have to be left by then. */
  close(): void {
    for (const link of this.#links.values()) link.close();
    this.pushes.close();
    this.#socket.close();
  }

  /** What names no connection of ours costs no more than this. */
  #receive(datagram: Uint8Array, from: RemoteInfo): void {
    const link = isControl(datagram) ? this.#links.get(connectionOf(datagram)) : undefined;
    if (link) link.receive(datagram, from);
    else this.#context.links.strangers++;
  }
}
