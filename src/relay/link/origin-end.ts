import { type Heartbeat, type Item, MOST_ITEMS, readItems, type Way, writeItems } from './datagram.ts';
import { Repairer } from './repairer.ts';
import type { StreamSender, Subscriber } from './stream-sender.ts';

/** What an {@link OriginEnd} sends; each call is a datagram of its own. */
export interface OriginOutput {
  /** A media packet as it is, of a stream or of its repair; shared, not to be changed. */
  media(packet: Uint8Array): void;
  /** The plaintext of a control datagram. */
  control(plain: Uint8Array): void;
}

/** Where a stream's packets go besides to edges: a multicast group, or an address that an edge listens at. */
export interface Destination {
  /** Sends a stream there until the function returned is called; however many ask for it, each packet goes once. */
  carry(sender: StreamSender): () => void;
  /** Repairs a packet there for an edge, if others lack it as well; false says that it is to be sent to the edge alone. */
  repair(sender: StreamSender, packet: Uint8Array, edge: object): boolean;
}

/** A stream that an edge has. */
interface Subscription {
  readonly sender: StreamSender;
  readonly destination: Destination | undefined;
  way: Way;
  /** Ends what the edge has its destination sent. */
  release: () => void;
}

/** The origin's end of the path to one edge: its subscriptions, its repairs and the answers to its pings. */
export class OriginEnd implements Subscriber {
  readonly repairer: Repairer;
  /** Answers of the {@link repairer} that its edge hears where the stream is pushed: bytes of UDP payload. */
  readonly shared = { packets: 0, bytes: 0 };
  readonly #output: OriginOutput;
  readonly #streams = new Map<number, Subscription>();

  constructor(output: OriginOutput) {
    this.#output = output;
    this.repairer = new Repairer((packet, ssrc) => this.#repair(packet, ssrc));
  }

  /** When {@link poll} is to be called next. */
  get next(): number {
    return this.repairer.next;
  }

  /** Sends the edge a stream from its position on. What it hears from the destination is not sent to it alone, except for repairs. */
  subscribe(sender: StreamSender, destination?: Destination): void {
    this.unsubscribe(sender.ssrc);
    this.#streams.set(sender.ssrc, { sender, destination, way: 'own', release: () => {} });
    this.repairer.add(sender);
    sender.attach(this);
  }

  unsubscribe(ssrc: number): void {
    const stream = this.#streams.get(ssrc);
    if (!stream) return;
    stream.sender.detach(this);
    this.#turn(ssrc, 'own');
    this.#streams.delete(ssrc);
    this.repairer.remove(ssrc);
  }

  /** By which way a stream goes to the edge. */
  wayOf(ssrc: number): Way {
    return this.#streams.get(ssrc)?.way ?? 'own';
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
    if (this.wayOf(ssrc) !== 'pushed') this.#output.media(packet);
  }

  heartbeat(heartbeat: Heartbeat): void {
    this.#tell([heartbeat]);
  }

  #take(item: Item, now: number): void {
    if (item.item === 'request') this.repairer.request(item, now);
    else if (item.item === 'report') this.repairer.report(item, now);
    else if (item.item === 'way') this.#turn(item.ssrc, item.way);
    else if (item.item === 'ping') {
      this.#tell([{ item: 'pong', sent: item.sent, received: now, held: 0 }, ...this.#heads()]);
    }
  }

  #repair(packet: Uint8Array, ssrc: number): void {
    const stream = this.#streams.get(ssrc);
    if (stream?.way === 'pushed' && stream.destination!.repair(stream.sender, packet, this)) {
      this.shared.packets++;
      this.shared.bytes += packet.length;
    } else this.#output.media(packet);
  }

  #turn(ssrc: number, way: Way): void {
    const stream = this.#streams.get(ssrc);
    if (!stream?.destination || stream.way === way) return;
    if (way === 'own') stream.release();
    else if (stream.way === 'own') stream.release = stream.destination.carry(stream.sender);
    stream.way = way;
  }

  /** Where pushed streams are: an edge that hears nothing of one must learn that there was something. */
  *#heads(): Generator<Heartbeat> {
    for (const { sender, way } of this.#streams.values()) {
      if (way === 'pushed' && sender.heartbeat) yield sender.heartbeat;
    }
  }

  #tell(items: Item[]): void {
    while (items.length > 0) this.#output.control(writeItems(items.splice(0, MOST_ITEMS)));
  }
}
