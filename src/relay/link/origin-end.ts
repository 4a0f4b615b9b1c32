import {
  type Heartbeat,
  type Item,
  MOST_ITEMS,
  type Ping,
  type Report,
  readItems,
  type Way,
  writeItems,
  writePadded,
} from './datagram.ts';
import { ssrcOf, USUAL_DATAGRAM } from './packet.ts';
import type { ParityOutlet } from './parity-sender.ts';
import type { Protection } from './protection.ts';
import { Repairer } from './repairer.ts';
import type { StreamSender, Subscriber } from './stream-sender.ts';
import { Told } from './told.ts';

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
  /** By what parity of a stream goes there, to all that hear it: the same for each of them. */
  outlet(sender: StreamSender): ParityOutlet;
}

/** A stream that an edge has. */
interface Subscription {
  readonly sender: StreamSender;
  readonly destination: Destination | undefined;
  way: Way;
  /** When the edge last told how the stream fares, in microseconds. */
  reportedAt: number | undefined;
  /** Ends what the edge has its destination sent. */
  release: () => void;
}

/** The origin's end of the path to one edge: its subscriptions, its repairs and the answers to its pings. */
export class OriginEnd implements Subscriber, ParityOutlet {
  readonly repairer: Repairer;
  readonly told = new Told();
  /** Answers of the {@link repairer} that its edge hears where the stream is pushed: bytes of UDP payload. */
  readonly shared = { packets: 0, bytes: 0 };
  readonly #output: OriginOutput;
  readonly #datagramBytes: number;
  readonly #streams = new Map<number, Subscription>();
  #protection: Protection | undefined;

  /** `datagramBytes` is the size of media packets. */
  constructor(output: OriginOutput, datagramBytes = USUAL_DATAGRAM) {
    this.#output = output;
    this.#datagramBytes = datagramBytes;
    this.repairer = new Repairer((packet, ssrc) => this.#repair(packet, ssrc));
  }

  /** When {@link poll} is to be called next. */
  get next(): number {
    return this.repairer.next;
  }

  /** Whether the edge is sent this very stream. */
  sends({ ssrc }: StreamSender): boolean {
    return this.#streams.has(ssrc);
  }

  /** When the edge last told how it gets a stream, in microseconds, if it ever did. */
  reportedAt(ssrc: number): number | undefined {
    return this.#streams.get(ssrc)?.reportedAt;
  }

  /** Has all streams protected by parity, which comes as their media does. */
  protect(protection: Protection | undefined): void {
    this.#protection = protection;
    for (const stream of this.#streams.values()) this.#protect(stream);
  }

  /** Sends the edge a stream from its position on. What it hears from the destination is not sent to it alone, except for repairs. */
  subscribe(sender: StreamSender, destination?: Destination): void {
    this.unsubscribe(sender.ssrc);
    this.#streams.set(sender.ssrc, { sender, destination, way: 'own', reportedAt: undefined, release: () => {} });
    this.repairer.add(sender);
    sender.attach(this);
    this.#protect(this.#streams.get(sender.ssrc)!);
  }

  unsubscribe(ssrc: number): void {
    const stream = this.#streams.get(ssrc);
    if (!stream) return;
    stream.sender.detach(this);
    this.#turn(ssrc, 'own');
    stream.sender.parity.protect(this, undefined, this);
    this.#streams.delete(ssrc);
    this.repairer.remove(ssrc);
    this.told.end(ssrc);
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

  parity(packet: Uint8Array, now: number): void {
    this.repairer.parity(packet, ssrcOf(packet), now);
  }

  heartbeat(heartbeat: Heartbeat): void {
    this.#tell([heartbeat]);
  }

  #protect({ sender, destination, way }: Subscription): void {
    const outlet = way === 'pushed' ? destination!.outlet(sender) : this;
    sender.parity.protect(this, this.#protection, outlet);
  }

  #report(report: Report, now: number): void {
    const stream = this.#streams.get(report.ssrc);
    if (!stream) return;
    stream.reportedAt = now;
    this.told.take(report);
    this.repairer.report(report, now);
  }

  #take(item: Item, now: number): void {
    if (item.item === 'request') this.repairer.request(item, now);
    else if (item.item === 'report') this.#report(item, now);
    else if (item.item === 'way') this.#turn(item.ssrc, item.way);
    else if (item.item === 'ping') this.#pong(item, now);
  }

  #pong({ sent, answer }: Ping, now: number): void {
    const items: Item[] = [{ item: 'pong', sent, received: now, held: 0 }, ...this.#heads()];
    const bytes = Math.min(answer, this.#datagramBytes);
    this.#output.control(writePadded(items.splice(0, MOST_ITEMS - 1), bytes));
    this.#tell(items);
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
    this.#protect(stream);
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
