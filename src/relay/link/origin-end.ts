import { type Heartbeat, type Item, readItems, writeItems } from './datagram.ts';
import { ssrcOf } from './packet.ts';
import type { ParityOutlet } from './parity-sender.ts';
import type { Protection } from './protection.ts';
import { Repairer } from './repairer.ts';
import type { StreamSender, Subscriber } from './stream-sender.ts';

/** What an {@link OriginEnd} sends; each call is a datagram of its own. */
export interface OriginOutput {
  /** A media packet as it is, of a stream or of its repair; shared, not to be changed. */
  media(packet: Uint8Array): void;
  /** The plaintext of a control datagram. */
  control(plain: Uint8Array): void;
}

/** The origin's end of the path to one edge: its subscriptions, its repairs and the answers to its pings. */
export class OriginEnd implements Subscriber, ParityOutlet {
  readonly repairer: Repairer;
  readonly #output: OriginOutput;
  readonly #streams = new Map<number, StreamSender>();
  readonly #viaGroup = new Set<number>();
  #protection: Protection | undefined;

  constructor(output: OriginOutput) {
    this.#output = output;
    this.repairer = new Repairer((packet) => output.media(packet));
  }

  /** When {@link poll} is to be called next. */
  get next(): number {
    return this.repairer.next;
  }

  /** Has all streams protected by parity, except those that come by multicast. */
  protect(protection: Protection | undefined): void {
    this.#protection = protection;
    for (const sender of this.#streams.values()) this.#protect(sender);
  }

  /** Sends the edge a stream from its position on; `viaGroup` says that its media comes by multicast, and only repairs are its own. */
  subscribe(sender: StreamSender, viaGroup = false): void {
    this.unsubscribe(sender.ssrc);
    this.#streams.set(sender.ssrc, sender);
    if (viaGroup) this.#viaGroup.add(sender.ssrc);
    this.repairer.add(sender);
    sender.attach(this);
    this.#protect(sender);
  }

  unsubscribe(ssrc: number): void {
    const sender = this.#streams.get(ssrc);
    sender?.detach(this);
    sender?.parity.protect(this, undefined, this);
    this.#streams.delete(ssrc);
    this.#viaGroup.delete(ssrc);
    this.repairer.remove(ssrc);
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const ssrc of [...this.#streams.keys()]) this.unsubscribe(ssrc);
  }

  /** Takes the plaintext of an authentic control datagram. Throws `ProtocolError`. */
  receive(plain: Uint8Array, now: number): void {
    for (const item of readItems(plain)) this.#take(item, now);
  }

  poll(now: number): void {
    this.repairer.poll(now);
  }

  media(packet: Uint8Array, _sequence: number, ssrc: number): void {
    if (!this.#viaGroup.has(ssrc)) this.#output.media(packet);
  }

  parity(packet: Uint8Array, now: number): void {
    this.repairer.parity(packet, ssrcOf(packet), now);
  }

  heartbeat(heartbeat: Heartbeat): void {
    this.#output.control(writeItems([heartbeat]));
  }

  #protect({ ssrc, parity }: StreamSender): void {
    if (this.#viaGroup.has(ssrc)) return;
    parity.protect(this, this.#protection, this);
  }

  #take(item: Item, now: number): void {
    if (item.item === 'request') this.repairer.request(item, now);
    else if (item.item === 'report') this.repairer.report(item, now);
    else if (item.item === 'ping') {
      this.#output.control(writeItems([{ item: 'pong', sent: item.sent, received: now, held: 0 }]));
    }
  }
}
