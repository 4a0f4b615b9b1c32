import type { Socket } from 'node:dgram';
import type { Clock } from '../../base/clock.ts';
import { isGroup, type PushAddress, type PushRule } from '../../config/push.ts';
import type { StreamPath } from '../../hub/path.ts';
import { matcher } from '../../hub/patterns.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import type { MediaWay, PushReport } from '../../net/links.ts';
import { authority } from '../../net/server-url.ts';
import type { Destination } from '../link/origin-end.ts';
import { sequenceOf } from '../link/packet.ts';
import type { ParityOutlet } from '../link/parity-sender.ts';
import { SharedAnswers } from '../link/shared-answers.ts';
import type { StreamSender, Subscriber } from '../link/stream-sender.ts';
import { pushSocket } from './socket.ts';

/** A {@link PushTarget} for one stream. */
export interface Push extends Destination {
  /** How media comes to those who hear it there. */
  readonly way: MediaWay;
}

/** A stream on its way to a {@link PushTarget}, and how many edges hear it there. */
interface Carried {
  readonly path: StreamPath;
  readonly subscriber: Subscriber & ParityOutlet;
  readonly answers: SharedAnswers;
  edges: number;
}

/** An address to which packets of streams go once, however many edges hear them there: a multicast group, or one edge's own. */
export class PushTarget {
  readonly address: PushAddress;
  readonly isGroup: boolean;
  /** The least latency of edges that take streams there, in microseconds. */
  readonly latency: number;
  /** Whether a stream is to go there. */
  readonly fits: (path: StreamPath) => boolean;
  readonly #socket: Socket;
  readonly #carried = new Map<StreamSender, Carried>();
  readonly #sent = { packets: 0, repaired: 0, parity: 0, bytes: 0 };
  readonly #clock: Clock;

  /** Rejects with one plain sentence when the interface is not there. */
  static async open(context: Context, rule: PushRule, address: PushAddress): Promise<PushTarget> {
    return new PushTarget(context, rule, address, await pushSocket(address, context.config.relay.multicast));
  }

  private constructor({ clock, log }: Context, { paths, latency }: PushRule, address: PushAddress, socket: Socket) {
    this.address = address;
    this.isGroup = isGroup(address.host);
    this.latency = latency;
    this.fits = matcher(paths);
    this.#clock = clock;
    this.#socket = socket;
    let complaint = '';
    socket.on('error', ({ message }) => {
      if (message !== complaint) log.warn({ to: this.name, reason: message }, 'packets cannot be pushed');
      complaint = message;
    });
  }

  /** For people. */
  get name(): string {
    return authority(this.address);
  }

  /** What sends a stream there for one edge. */
  of(stream: Stream): Push {
    return {
      way: this.isGroup ? 'multicast' : 'push',
      carry: (sender) => this.#carry(sender, stream),
      repair: (sender, packet, edge) => this.#repair(sender, stream, packet, edge),
      outlet: (sender) => this.#carried.get(sender)!.subscriber,
    };
  }

  /** How it is doing. */
  report(): PushReport {
    const carried = [...this.#carried.values()];
    const edges = carried.reduce((sum, each) => sum + each.edges, 0);
    return { to: this.name, paths: carried.map(({ path }) => path), edges, ...this.#sent };
  }

  /** Sends nothing more. */
  close(): void {
    for (const [sender, { subscriber }] of this.#carried) sender.detach(subscriber);
    this.#carried.clear();
    this.#socket.close();
  }

  #carry(sender: StreamSender, stream: Stream): () => void {
    const carried = this.#carried.get(sender) ?? this.#begin(sender, stream);
    carried.edges++;
    return () => {
      if (--carried.edges > 0) return;
      this.#carried.delete(sender);
      sender.detach(carried.subscriber);
    };
  }

  #repair(sender: StreamSender, stream: Stream, packet: Uint8Array, edge: object): boolean {
    const way = this.#carried.get(sender)?.answers.route(sequenceOf(packet), edge, this.#clock.now());
    if (way !== 'all') return way === 'none';
    this.#sent.repaired++;
    this.#send(packet, stream);
    return true;
  }

  #begin(sender: StreamSender, stream: Stream): Carried {
    const subscriber: Subscriber & ParityOutlet = {
      media: (packet) => {
        this.#sent.packets++;
        this.#send(packet, stream);
      },
      parity: (packet) => {
        this.#sent.parity++;
        this.#send(packet, stream);
      },
      // Each edge is told by its own datagrams.
      heartbeat() {},
    };
    const carried = { path: stream.path, subscriber, answers: new SharedAnswers(), edges: 0 };
    this.#carried.set(sender, carried);
    sender.attach(subscriber);
    return carried;
  }

  #send(packet: Uint8Array, { counters }: Stream): void {
    const { host, port } = this.address;
    this.#sent.bytes += packet.length;
    counters.bytesOut += packet.length;
    this.#socket.send(packet, port, host);
  }
}
