import { MILLISECOND } from '../../base/clock.ts';
import { DATAGRAM_OVERHEAD, type Item, itemLength, readItems, writeItems } from './datagram.ts';
import { isMedia, LARGEST_DATAGRAM, ssrcOf, USUAL_DATAGRAM } from './packet.ts';
import { Path } from './path.ts';
import { Reach } from './reach.ts';
import { StreamReceiver, type StreamReceiverOptions } from './stream-receiver.ts';

/** Pings go out this often until the clock is known well, then together with every report; microseconds. */
const FIRST_PINGS = 8;
const PING_STEP = 50 * MILLISECOND;
const REPORT_STEP = 200 * MILLISECOND;

/** Control datagrams are as long as the usual media packets at most. */
const ROOM = USUAL_DATAGRAM - DATAGRAM_OVERHEAD;

/** The edge's end of the path to one origin: its streams, what it asks for and tells, whether it is heard, and its clock. */
export class EdgeEnd {
  readonly path = new Path();
  readonly reach: Reach;
  /** Media packets of streams that nobody here asked for. */
  strays = 0;
  readonly #send: (plain: Uint8Array) => void;
  readonly #streams = new Map<number, StreamReceiver>();
  #tickAt = Number.NEGATIVE_INFINITY;
  #ticks = 0;
  #items: Item[] = [];
  #itemBytes = 0;

  /** `send` is given the plaintexts of control datagrams. */
  constructor(send: (plain: Uint8Array) => void, now: number) {
    this.#send = send;
    this.reach = new Reach(now);
  }

  /** When {@link poll} is to be called next; at once after it was made. */
  get next(): number {
    let next = this.#tickAt;
    for (const stream of this.#streams.values()) next = Math.min(next, stream.next, stream.asksAt);
    return next;
  }

  /** Receives a stream from now on; one of the same SSRC is replaced. */
  subscribe(options: Omit<StreamReceiverOptions, 'path'>): StreamReceiver {
    const receiver = new StreamReceiver({ ...options, path: this.path });
    this.#streams.set(options.ssrc, receiver);
    return receiver;
  }

  unsubscribe(ssrc: number): void {
    this.#streams.delete(ssrc);
  }

  /** Takes a datagram that is no control datagram. */
  receiveMedia(packet: Uint8Array, now: number): void {
    const stream = isMedia(packet) ? this.#streams.get(ssrcOf(packet)) : undefined;
    if (!stream) this.strays++;
    else if (stream.receive(packet, now)) this.reach.heard(now);
  }

  /** Takes the plaintext of an authentic control datagram. Throws `ProtocolError`. */
  receive(plain: Uint8Array, now: number): void {
    this.reach.heard(now);
    for (const item of readItems(plain)) {
      if (item.item === 'pong') this.path.learn(item, now);
      else if (item.item === 'heartbeat') this.#streams.get(item.ssrc)?.heartbeat(item, now);
    }
  }

  /** Hands over what is due, and asks and tells what there is to ask and tell. */
  poll(now: number): void {
    for (const stream of this.#streams.values()) {
      if (stream.next <= now) stream.poll(now);
      const request = stream.asksAt <= now ? stream.request(now) : undefined;
      if (request) this.#put(request);
    }
    if (this.#tickAt <= now) this.#tick(now);
    this.#flush();
  }

  #tick(now: number): void {
    const { reach } = this;
    reach.asked(now);
    if (reach.state === 'blocked') {
      this.#tickAt = reach.againAt;
      return;
    }
    const isSettled = this.#ticks++ >= FIRST_PINGS;
    this.#tickAt = now + (isSettled && !reach.isUrgent(now) ? REPORT_STEP : PING_STEP);
    // Media has to come through, not only what is small.
    this.#put({ item: 'ping', sent: now, answer: reach.state === 'asking' ? LARGEST_DATAGRAM : 0 });
    if (isSettled) for (const stream of this.#streams.values()) this.#put(stream.report());
  }

  #put(item: Item): void {
    const length = itemLength(item);
    if (this.#itemBytes + length > ROOM) this.#flush();
    this.#items.push(item);
    this.#itemBytes += length;
  }

  #flush(): void {
    if (this.#items.length > 0) this.#send(writeItems(this.#items));
    this.#items = [];
    this.#itemBytes = 0;
  }
}
