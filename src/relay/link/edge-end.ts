import { MILLISECOND } from '../../base/clock.ts';
import { DATAGRAM_OVERHEAD, type Item, itemLength, MOST_ITEMS, readItems, type Way, writeItems } from './datagram.ts';
import { Early } from './early.ts';
import { Hearing } from './hearing.ts';
import { LARGEST_DATAGRAM, type Open, sequenceOf, ssrcOf, USUAL_DATAGRAM } from './packet.ts';
import { isParity, isStreamPacket } from './parity-packet.ts';
import { Path } from './path.ts';
import { Reach } from './reach.ts';
import { StreamReceiver, type StreamReceiverOptions } from './stream-receiver.ts';

/** Pings go out this often until the clock is known well, then together with every report; microseconds. */
const FIRST_PINGS = 8;
const PING_STEP = 50 * MILLISECOND;
const REPORT_STEP = 200 * MILLISECOND;

/** Control datagrams are as long as the usual media packets at most. */
const ROOM = USUAL_DATAGRAM - DATAGRAM_OVERHEAD;

/** What an {@link EdgeEnd} subscribes to. */
export interface StreamWish extends Omit<StreamReceiverOptions, 'path'> {
  /** The stream is pushed somewhere, too: is told whenever the edge is to listen there, or no longer. */
  readonly onWay?: ((way: Way) => void) | undefined;
}

/** A stream that is pushed somewhere. */
interface Pushed {
  readonly hearing: Hearing;
  readonly open: Open;
  readonly onWay: (way: Way) => void;
}

/** The edge's end of the path to one origin: its streams, what it asks for and tells, whether it is heard, and its clock. */
export class EdgeEnd {
  readonly path = new Path();
  readonly reach: Reach;
  readonly #send: (plain: Uint8Array) => void;
  readonly #streams = new Map<number, StreamReceiver>();
  readonly #pushed = new Map<number, Pushed>();
  readonly #early = new Early();
  #others = 0;
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
    let next = this.#nextTick;
    for (const stream of this.#streams.values()) next = Math.min(next, stream.next, stream.asksAt);
    return next;
  }

  /** Packets of streams that nobody here asked for, and what is no media. */
  get strays(): number {
    return this.#others + this.#early.strays;
  }

  /** Receives a stream from now on, with what of it has come already; one of the same SSRC is replaced. */
  subscribe({ onWay, ...options }: StreamWish): StreamReceiver {
    const { ssrc, sequence, open } = options;
    const receiver = new StreamReceiver({ ...options, path: this.path });
    this.#streams.set(ssrc, receiver);
    this.#pushed.delete(ssrc);
    if (onWay) this.#pushed.set(ssrc, { hearing: new Hearing(sequence), open, onWay });
    for (const { packet, at } of this.#early.take(ssrc)) this.receiveMedia(packet, at);
    return receiver;
  }

  unsubscribe(ssrc: number): void {
    this.#streams.delete(ssrc);
    this.#pushed.delete(ssrc);
  }

  /** By which way a stream comes. */
  wayOf(ssrc: number): Way {
    return this.#pushed.get(ssrc)?.hearing.way ?? 'own';
  }

  /** Takes a datagram that is no control datagram. */
  receiveMedia(packet: Uint8Array, now: number): void {
    if (!isStreamPacket(packet)) return void this.#others++;
    const stream = this.#streams.get(ssrcOf(packet));
    if (!stream) this.#early.hold(packet, now);
    else if (isParity(packet)) stream.receiveParity(packet, now);
    else if (stream.receive(packet, now)) this.reach.heard(now);
  }

  /** Takes a packet of media or parity that came from where its stream is pushed. */
  receivePushed(packet: Uint8Array, now: number): void {
    const ssrc = ssrcOf(packet);
    const [stream, pushed] = [this.#streams.get(ssrc), this.#pushed.get(ssrc)];
    if (!stream || !pushed) return;
    if (isParity(packet)) return stream.receiveParity(packet, now);
    const sequence = sequenceOf(packet);
    // What came by the edge's own way before was not looked into.
    if (stream.receive(packet, now, 'pushed') || pushed.open(packet, sequence)) pushed.hearing.heard(sequence, now);
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
    if (this.#nextTick <= now) this.#tick(now);
    this.#flush();
  }

  get #nextTick(): number {
    let next = this.#tickAt;
    for (const { hearing } of this.#pushed.values()) next = Math.min(next, hearing.asksAt);
    return next;
  }

  #tick(now: number): void {
    const { reach } = this;
    this.#early.forget(now);
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
    for (const [ssrc, pushed] of this.#pushed) this.#judge(ssrc, pushed, now);
  }

  #judge(ssrc: number, { hearing, onWay }: Pushed, now: number): void {
    const before = hearing.way;
    hearing.look(this.#streams.get(ssrc)!.head, now);
    if (hearing.way !== before) onWay(hearing.way);
    this.#put({ item: 'way', ssrc, way: hearing.way });
  }

  #put(item: Item): void {
    const length = itemLength(item);
    if (this.#itemBytes + length > ROOM || this.#items.length === MOST_ITEMS) this.#flush();
    this.#items.push(item);
    this.#itemBytes += length;
  }

  #flush(): void {
    if (this.#items.length > 0) this.#send(writeItems(this.#items));
    this.#items = [];
    this.#itemBytes = 0;
  }
}
