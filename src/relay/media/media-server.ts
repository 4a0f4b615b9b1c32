import { randomInt } from 'node:crypto';
import type { RemoteInfo, Socket } from 'node:dgram';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { ListenAddress } from '../../config/values.ts';
import type { Context } from '../../module.ts';
import type { BoundAddress } from '../../net/listen.ts';
import { LOST_AFTER } from '../link/reach.ts';
import { connectionOf, isControl } from './control-cipher.ts';
import { EdgeLink, type EdgeNode } from './edge-link.ts';
import { Pushes } from './pushes.ts';
import { bindMedia } from './socket.ts';

/** The link of an edge that has lost its control stream waits so long for another one, if it is heard meanwhile. */
const RETURN = 60 * SECOND;

/** An edge's first datagram leaves as its first wish does, and may be lost: so long that may be behind. */
const MOMENT = 200 * MILLISECOND;

/** A link, and by how many control streams it is held: an old one may be thought to be alive when a new one has come. */
interface Held {
  readonly link: EdgeLink;
  readonly hide: () => void;
  controls: number;
}

/** Where an origin sends media from by UDP, and hears what its edges lack. */
export class MediaServer {
  readonly #context: Context;
  readonly #socket: Socket;
  readonly #links = new Map<number, Held>();
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

  /**
   * The link to an edge that has opened a control stream: the one of this number, where the edge already has it, or a new one. `leave`
   * says that the control stream is over, and whether there may be another one.
   */
  welcome(
    edge: EdgeNode,
    connection?: number,
  ): { readonly link: EdgeLink; readonly leave: (mayReturn: boolean) => void } {
    const known = connection === undefined ? undefined : this.#links.get(connection);
    const held = known?.link.edge.node === edge.node ? known : this.#open(edge);
    held.controls++;
    const leave = (mayReturn: boolean) => {
      if (--held.controls > 0) return;
      if (mayReturn) this.#keep(held, this.#context.clock.now() + RETURN);
      else this.#end(held);
    };
    return { link: held.link, leave };
  }

  /** The link of this node that goes by this number, once it has come by UDP. */
  find(connection: number, node: string): EdgeLink | undefined {
    const link = this.#links.get(connection)?.link;
    return link?.isReached && link.edge.node === node ? link : undefined;
  }

  /** The same, which is given a moment to come. */
  async meet(connection: number, node: string): Promise<EdgeLink | undefined> {
    const link = this.#links.get(connection)?.link;
    if (link?.edge.node === node && !link.isReached) {
      const late = Promise.withResolvers<void>();
      const cancel = this.#context.clock.after(MOMENT, late.resolve);
      await Promise.race([link.reached, late.promise]);
      cancel();
    }
    return this.find(connection, node);
  }

  /** Closes the socket. All links have to be left by then. */
  close(): void {
    for (const { link } of this.#links.values()) link.close();
    this.pushes.close();
    this.#socket.close();
  }

  #open(edge: EdgeNode): Held {
    let connection = randomInt(2 ** 32);
    while (this.#links.has(connection)) connection = randomInt(2 ** 32);
    const { clock, config, links } = this.#context;
    const ground = { port: this.address.port, socket: this.#socket, clock, datagramBytes: config.relay.mtu };
    const link = new EdgeLink(edge, connection, ground);
    const held = { link, hide: links.add(() => link.report()), controls: 0 };
    this.#links.set(connection, held);
    return held;
  }

  /** Ends a link that no control stream holds when it falls silent. */
  #keep(held: Held, until: number): void {
    const { clock } = this.#context;
    const { heard } = held.link;
    clock.after(LOST_AFTER, () => {
      if (held.controls > 0) return;
      if (held.link.heard === heard || clock.now() > until) this.#end(held);
      else this.#keep(held, until);
    });
  }

  #end({ link, hide }: Held): void {
    hide();
    this.#links.delete(link.offer.connection);
    link.close();
  }

  /** What names no connection of ours costs no more than this. */
  #receive(datagram: Uint8Array, from: RemoteInfo): void {
    const link = isControl(datagram) ? this.#links.get(connectionOf(datagram))?.link : undefined;
    if (link) link.receive(datagram, from);
    else this.#context.links.strangers++;
  }
}
