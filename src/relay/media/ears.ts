import type { Socket } from 'node:dgram';
import { isGroup, type PushAddress } from '../../config/push.ts';
import type { Context } from '../../module.ts';
import type { Links } from '../../net/links.ts';
import type { BoundAddress } from '../../net/listen.ts';
import { ssrcOf } from '../link/packet.ts';
import { isStreamPacket } from '../link/parity-packet.ts';
import { type MediaWish, MOST_HOSTS } from '../messages.ts';
import { ownAddresses } from './interfaces.ts';
import { bindMedia, joinGroup } from './socket.ts';

/** A socket that is bound there hears at all addresses of the machine. */
const ANY = new Set(['0.0.0.0', '::']);

/** Is given a packet of media or parity of the stream that it is for, authentic or not. */
type Take = (packet: Uint8Array) => void;

/** One address that packets of streams come to, by SSRC. */
class Ear {
  readonly #takes = new Map<number, Take>();
  readonly #links: Links;
  /** A group may be shared with streams that nobody here wants. */
  readonly #isShared: boolean;

  constructor(links: Links, isShared: boolean) {
    this.#links = links;
    this.#isShared = isShared;
  }

  get isIdle(): boolean {
    return this.#takes.size === 0;
  }

  /** Hears by a socket from now on. */
  use(socket: Socket): void {
    socket.on('message', (datagram) => this.#receive(datagram));
  }

  add(ssrc: number, take: Take): () => void {
    this.#takes.set(ssrc, take);
    return () => {
      if (this.#takes.get(ssrc) === take) this.#takes.delete(ssrc);
    };
  }

  #receive(datagram: Uint8Array): void {
    const isPossible = isStreamPacket(datagram);
    const take = isPossible ? this.#takes.get(ssrcOf(datagram)) : undefined;
    if (take) take(datagram);
    else if (!(isPossible && this.#isShared)) this.#links.strangers++;
  }
}

/** A group that is joined as long as a stream needs it. */
interface Group {
  readonly ear: Ear;
  readonly leave: () => void;
}

/** Where an edge hears what origins push: at an address of its own, if it has one, and in groups. */
export class Ears {
  readonly #context: Context;
  readonly #own: { readonly socket: Socket; readonly ear: Ear } | undefined;
  readonly #groups = new Map<string, Group>();

  /** Rejects with one plain sentence when the edge's own address cannot be had. */
  static async open(context: Context): Promise<Ears> {
    const { pushListen } = context.config.relay;
    return new Ears(context, pushListen && (await bindMedia(pushListen)));
  }

  private constructor(context: Context, socket: Socket | undefined) {
    this.#context = context;
    if (!socket) return;
    this.#own = { socket, ear: new Ear(context.links, false) };
    this.#own.ear.use(socket);
  }

  /** The edge's own address, if it has one. */
  get address(): BoundAddress | undefined {
    const bound = this.#own?.socket.address();
    return bound && { host: bound.address, port: bound.port };
  }

  /** What an origin is told of it. */
  get place(): MediaWish['pushed'] {
    const { host = '', port = 0 } = this.address ?? {};
    if (port === 0) return undefined;
    return { hosts: ANY.has(host) ? ownAddresses().slice(0, MOST_HOSTS) : [host], port };
  }

  /** Whether this edge can hear what is sent there. */
  reaches({ host, port }: PushAddress): boolean {
    return isGroup(host) ? this.#context.config.relay.multicast.interface !== 'off' : port === this.address?.port;
  }

  /**
   * Hands over the packets of a stream that come to an address it {@link reaches}, until the function returned is called.
   * `local` is the address by which this machine reaches the origin.
   */
  hear(address: PushAddress, local: string, ssrc: number, take: Take): () => void {
    if (!isGroup(address.host)) return this.#own!.ear.add(ssrc, take);
    const by = this.#context.config.relay.multicast.interface || local;
    const key = `${address.host} ${address.port} ${by}`;
    const group = this.#groups.get(key) ?? this.#join(key, address, by);
    const forget = group.ear.add(ssrc, take);
    return () => {
      forget();
      if (!group.ear.isIdle || this.#groups.get(key) !== group) return;
      this.#groups.delete(key);
      group.leave();
    };
  }

  /** Hears nothing more. */
  close(): void {
    this.#own?.socket.close();
    for (const { leave } of this.#groups.values()) leave();
    this.#groups.clear();
  }

  #join(key: string, address: PushAddress, by: string): Group {
    const ear = new Ear(this.#context.links, true);
    const joining = joinGroup(address, by);
    joining.then(
      (socket) => ear.use(socket),
      (error: Error) =>
        this.#context.log.warn({ group: address.host, reason: error.message }, 'a multicast group cannot be joined'),
    );
    const group = { ear, leave: () => void joining.then((socket) => socket.close()).catch(() => {}) };
    this.#groups.set(key, group);
    return group;
  }
}
