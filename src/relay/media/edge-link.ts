import { randomBytes } from 'node:crypto';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Clock } from '../../base/clock.ts';
import { type LinkReport, type MediaWay, mediaOf, NOTHING_CROSSED } from '../../net/links.ts';
import type { RepairPolicy } from '../link/copies.ts';
import { OriginEnd, type OriginOutput } from '../link/origin-end.ts';
import type { StreamSender } from '../link/stream-sender.ts';
import type { MediaOffer } from '../messages.ts';
import { Alarm } from './alarm.ts';
import { ControlOpener, ControlSealer } from './control-cipher.ts';
import type { Push } from './push-target.ts';

/** Another node that fetches from this one. */
export interface EdgeNode {
  readonly node: string;
  readonly remote: string;
}

/** The origin's side of the link to one edge, for as long as its control stream lasts. */
export class EdgeLink implements OriginOutput {
  readonly edge: EdgeNode;
  /** What the edge must know to come by UDP. */
  readonly offer: MediaOffer;
  /** How many authentic datagrams have come. */
  heard = 0;
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #end = new OriginEnd(this);
  readonly #alarm: Alarm;
  readonly #sealer: ControlSealer;
  readonly #opener: ControlOpener;
  /** Where the newest authentic datagram came from. */
  #address: Pick<RemoteInfo, 'address' | 'port'> | undefined;
  /** The subscriptions by SSRC: one that is late to end must not end its successor. */
  readonly #subscriptions = new Map<number, { readonly push: Push | undefined }>();
  #sent = { packets: 0, bytes: 0, control: 0 };
  #malformed = 0;

  constructor(edge: EdgeNode, connection: number, port: number, socket: Socket, clock: Clock) {
    const [up, down] = [randomBytes(16), randomBytes(16)];
    this.edge = edge;
    this.offer = { port, connection, up: up.toString('base64'), down: down.toString('base64') };
    this.#clock = clock;
    this.#socket = socket;
    this.#alarm = new Alarm(clock, this.#end);
    this.#sealer = new ControlSealer(connection, down);
    this.#opener = new ControlOpener(up);
  }

  /** Whether the edge has shown by which address it is to be reached. */
  get isReached(): boolean {
    return this.#address !== undefined;
  }

  /** How the edge wants its repairs weighed. */
  set policy(policy: RepairPolicy) {
    this.#end.repairer.policy = policy;
  }

  /** Takes a control datagram that names this connection, from anybody. */
  receive(datagram: Uint8Array, { address, port }: RemoteInfo): void {
    const opened = this.#opener.open(datagram);
    if (!opened) return;
    this.heard++;
    // A path that changes (NAT) is followed; nobody else can make a datagram that is newer.
    if (opened.isNewest) this.#address = { address, port };
    try {
      this.#end.receive(opened.plain, this.#clock.now());
    } catch {
      this.#malformed++;
    }
    this.#alarm.set();
  }

  /** Sends a stream from its position on, or has the edge hear it where it is pushed. The function returned ends that. */
  subscribe(sender: StreamSender, push: Push | undefined): () => void {
    const { ssrc } = sender;
    this.#end.subscribe(sender, push);
    const subscription = { push };
    this.#subscriptions.set(ssrc, subscription);
    return () => {
      if (this.#subscriptions.get(ssrc) !== subscription) return;
      this.#subscriptions.delete(ssrc);
      this.#end.unsubscribe(ssrc);
    };
  }

  /** How a stream goes to the edge. */
  wayOf(ssrc: number): MediaWay {
    const push = this.#subscriptions.get(ssrc)?.push;
    return push && this.#end.wayOf(ssrc) === 'pushed' ? push.way : 'udp';
  }

  media(packet: Uint8Array): void {
    this.#sent.packets++;
    this.#sent.bytes += packet.length;
    this.#send(packet);
  }

  control(plain: Uint8Array): void {
    const datagram = this.#sealer.seal(plain);
    this.#sent.control += datagram.length;
    this.#send(datagram);
  }

  /** Sends nothing more. */
  close(): void {
    this.#alarm.close();
    this.#end.close();
    this.#address = undefined;
  }

  /** How it is doing. */
  report(): LinkReport {
    const { counters, rtt, jitter } = this.#end.repairer;
    const { forged, replayed } = this.#opener.counters;
    const { shared } = this.#end;
    const { requests, packets: repaired } = counters;
    // What was repaired for several edges at once is told by what is pushed.
    const own = { packets: repaired - shared.packets, bytes: counters.bytes - shared.bytes };
    return {
      ...NOTHING_CROSSED,
      role: 'origin',
      ...this.edge,
      media: this.isReached ? mediaOf(Array.from(this.#subscriptions.keys(), (ssrc) => this.wayOf(ssrc))) : 'reliable',
      rtt,
      jitter,
      packets: this.#sent.packets - own.packets,
      bytes: this.#sent.bytes - own.bytes,
      overheadBytes: own.bytes + this.#sent.control,
      requests,
      repaired,
      refused: forged + replayed + this.#malformed,
      streams: [],
    };
  }

  #send(bytes: Uint8Array): void {
    if (this.#address) this.#socket.send(bytes, this.#address.port, this.#address.address);
  }
}
