import { type Heartbeat, type Item, type Report, readItems, writeItems, writePadded } from './datagram.ts';
import { USUAL_DATAGRAM } from './packet.ts';
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
export class OriginEnd implements Subscriber {
  readonly repairer: Repairer;
  readonly #output: OriginOutput;
  readonly #datagramBytes: number;
  readonly #streams = new Map<number, StreamSender>();
  readonly #viaGroup = new Set<number>();
  /** When the edge last told how a stream fares. */
  readonly #reportedAt = new Map<number, number>();

  /** `datagramBytes` is the size of media packets. */
  constructor(output: OriginOutput, datagramBytes = USUAL_DATAGRAM) {
    this.#output = output;
    this.#datagramBytes = datagramBytes;
    this.repairer = new Repairer((packet) => output.media(packet));
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
    return this.#reportedAt.get(ssrc);
  }

  /** Sends the edge a stream from its position on; `viaGroup` says that its media comes by multicast, and only repairs are its own. */
  subscribe(sender: StreamSender, viaGroup = false): void {
    this.unsubscribe(sender.ssrc);
    this.#streams.set(sender.ssrc, sender);
    if (viaGroup) this.#viaGroup.add(sender.ssrc);
    this.repairer.add(sender);
    sender.attach(this);
  }

  unsubscribe(ssrc: number): void {
    this.#streams.get(ssrc)?.detach(this);
    this.#streams.delete(ssrc);
    this.#viaGroup.delete(ssrc);
    this.#reportedAt.delete(ssrc);
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

  heartbeat(heartbeat: Heartbeat): void {
    this.#output.control(writeItems([heartbeat]));
  }

  #report(report: Report, now: number): void {
    if (!this.#streams.has(report.ssrc)) return;
    this.#reportedAt.set(report.ssrc, now);
    this.repairer.report(report, now);
  }

  #take(item: Item, now: number): void {
    if (item.item === 'request') this.repairer.request(item, now);
    else if (item.item === 'report') this.#report(item, now);
    else if (item.item === 'ping') {
      const pong = { item: 'pong', sent: item.sent, received: now, held: 0 } as const;
      this.#output.control(writePadded([pong], Math.min(item.answer, this.#datagramBytes)));
    }
  }
}
