import { randomBytes } from 'node:crypto';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Clock } from '../../base/clock.ts';
import { type MediaWay, mediaOf, type OriginReport, type SentStream } from '../../net/links.ts';
import type { LossPolicy } from '../link/fec.ts';
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

/** A stream that an edge was granted. */
interface Subscription {
  readonly path: string;
  /** Where the edge may hear it as it is pushed. */
  readonly push: Push | undefined;
  /** Another subscription goes on with it. */
  readonly onReplaced: () => void;
}

/** The origin's side of the link to one edge. It may outlive the control stream that it began with, and go on with the next one. */
export class EdgeLink implements OriginOutput {
  readonly edge: EdgeNode;
  /** What the edge must know to come by UDP. */
  readonly offer: MediaOffer;
  /** Resolves when the edge has shown by which address it is to be reached. */
  readonly reached: Promise<void>;
  /** How many authentic datagrams have come. */
  heard = 0;
  readonly #shown = Promise.withResolvers<void>();
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #end: OriginEnd;
  readonly #alarm: Alarm;
  readonly #sealer: ControlSealer;
  readonly #opener: ControlOpener;
  /** Where the newest authentic datagram came from. */
  #address: Pick<RemoteInfo, 'address' | 'port'> | undefined;
  /** The subscriptions by SSRC: one that is late to end must not end its successor. */
  readonly #subscriptions = new Map<number, Subscription>();
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
    this.reached = this.#shown.promise;
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

  /** Does as the edge wants its losses made good. */
  heed({ fec, ...policy }: LossPolicy): void {
    this.#end.repairer.policy = policy;
    this.#end.protect(fec);
  }

  /** Takes a control datagram that names this connection, from anybody. */
  receive(datagram: Uint8Array, { address, port }: RemoteInfo): void {
    const opened = this.#opener.open(datagram);
    if (!opened) return;
    this.heard++;
    // A path that changes (NAT) is followed; nobody else can make a datagram that is newer.
    if (opened.isNewest) this.#address = { address, port };
    this.#shown.resolve();
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

  /**
   * Sends a stream from its position on, or has the edge hear it where it is pushed; what it has already goes on. The function
   * returned ends that; `onReplaced` is called when another subscription goes on with it.
   */
  subscribe(sender: StreamSender, subscription: Subscription): () => void {
    const { ssrc } = sender;
    if (!this.sends(sender)) this.#end.subscribe(sender, subscription.push);
    const before = this.#subscriptions.get(ssrc);
    this.#subscriptions.set(ssrc, subscription);
    before?.onReplaced();
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
  report(): OriginReport {
    const { counters, rtt, jitter } = this.#end.repairer;
    const { forged, replayed } = this.#opener.counters;
    const { shared, told } = this.#end;
    const streams = this.#streams();
    const reported = told.total;
    const { requests, packets: repaired, parity, parityBytes } = counters;
    // What was repaired for several edges at once is told by what is pushed.
    const own = { packets: repaired - shared.packets, bytes: counters.bytes - shared.bytes };
    return {
      role: 'origin',
      ...this.edge,
      media: this.isReached ? mediaOf(streams.map(({ media }) => media)) : 'reliable',
      // Assumed by those who repair, until it is told.
      rtt: reported && rtt,
      jitter: reported && jitter,
      packets: this.#sent.packets - own.packets - parity,
      bytes: this.#sent.bytes - own.bytes - parityBytes,
      overheadBytes: own.bytes + parityBytes + this.#sent.control,
      requests,
      repaired,
      parity,
      refused: forged + replayed + this.#malformed,
      reported,
      streams,
    };
  }

  #streams(): SentStream[] {
    return Array.from(this.#subscriptions, ([ssrc, { path }]) => ({
      path,
      media: this.wayOf(ssrc),
      reported: this.#end.told.of(ssrc),
    }));
  }

  #send(bytes: Uint8Array): void {
    if (this.#address) this.#socket.send(bytes, this.#address.port, this.#address.address);
  }
}
