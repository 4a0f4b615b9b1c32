import { randomBytes } from 'node:crypto';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Clock } from '../../base/clock.ts';
import { type LinkReport, NOTHING_CROSSED } from '../../net/links.ts';
import type { RepairPolicy } from '../link/copies.ts';
import { OriginEnd, type OriginOutput } from '../link/origin-end.ts';
import type { StreamSender } from '../link/stream-sender.ts';
import type { MediaOffer } from '../messages.ts';
import { Alarm } from './alarm.ts';
import { ControlOpener, ControlSealer } from './control-cipher.ts';

/** Another node that fetches from this one. */
export interface EdgeNode {
  readonly node: string;
  readonly remote: string;
}

/** The origin's side of the link to one edge. It may outlive the control stream that it began with, and go on with the next one. */
export class EdgeLink implements OriginOutput {
  readonly edge: EdgeNode;
  /** What the edge must know to come by UDP. */
  readonly offer: MediaOffer;
  /** How many authentic datagrams have come. */
  heard = 0;
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #end: OriginEnd;
  readonly #alarm: Alarm;
  readonly #sealer: ControlSealer;
  readonly #opener: ControlOpener;
  /** Where the newest authentic datagram came from. */
  #address: Pick<RemoteInfo, 'address' | 'port'> | undefined;
  /** Whose the subscriptions are, by SSRC: one that is late to end must not end its successor. */
  readonly #owners = new Map<number, symbol>();
  #sent = { packets: 0, bytes: 0, control: 0 };
  #malformed = 0;

  /** `datagramBytes` is the size of media packets. */
  constructor(
    edge: EdgeNode,
    connection: number,
    { port, socket, clock, datagramBytes }: { port: number; socket: Socket; clock: Clock; datagramBytes: number },
  ) {
    const [up, down] = [randomBytes(16), randomBytes(16)];
    this.edge = edge;
    this.offer = { port, connection, up: up.toString('base64'), down: down.toString('base64') };
    this.#clock = clock;
    this.#socket = socket;
    this.#end = new OriginEnd(this, datagramBytes);
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

  /** Whether the edge is sent this very stream. */
  sends(sender: StreamSender): boolean {
    return this.#end.sends(sender);
  }

  /** Whether the edge has told since a moment how it gets a stream. */
  wants({ ssrc }: StreamSender, since: number): boolean {
    return (this.#end.reportedAt(ssrc) ?? 0) > since;
  }

  /** Sends a stream from its position on, or goes on with it; `viaGroup` says that its media comes by multicast. The function returned ends that. */
  subscribe(sender: StreamSender, viaGroup: boolean): () => void {
    const { ssrc } = sender;
    if (!this.sends(sender)) this.#end.subscribe(sender, viaGroup);
    const owner = Symbol();
    this.#owners.set(ssrc, owner);
    return () => {
      if (this.#owners.get(ssrc) !== owner) return;
      this.#owners.delete(ssrc);
      this.#end.unsubscribe(ssrc);
    };
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
    const { requests, packets: repaired, bytes } = counters;
    return {
      ...NOTHING_CROSSED,
      role: 'origin',
      ...this.edge,
      media: this.isReached ? 'udp' : 'reliable',
      rtt,
      jitter,
      packets: this.#sent.packets - repaired,
      bytes: this.#sent.bytes - bytes,
      overheadBytes: bytes + this.#sent.control,
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
