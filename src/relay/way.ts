import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { OriginAddress } from '../config/options.ts';
import { insist } from '../net/insist.ts';
import { dialQuic } from '../net/quic.ts';
import { Channel } from './channel.ts';
import { BEAT_MS } from './control.ts';
import { type MediaOffer, PROTOCOL } from './messages.ts';
import { PeerClock } from './peer-clock.ts';
import type { Trust } from './trust.ts';
import { watchProcess } from './watch-process.ts';

/** A connection to an origin, over which streams can be opened. */
export interface Way {
  readonly transport: 'quic' | 'tls';
  /** The id of the origin. */
  readonly node: string;
  /** How media comes by UDP, if it does. */
  readonly media: MediaOffer | undefined;
  /** What the origin's clock shows. */
  readonly clock: PeerClock;
  /** Open as long as the origin is there. */
  readonly control: Channel;
  /** Opens a stream. Rejects when that cannot be had, or `signal` aborts. */
  open(signal: AbortSignal): Promise<Duplex>;
  /** Ends the connection and all streams. Idempotent. */
  close(): void;
}

/** What a way is made with. */
export interface Destination {
  readonly origin: OriginAddress;
  readonly credentials: Awaited<ReturnType<Trust['credentialsFor']>>;
  /** Our own id. */
  readonly nodeId: string;
  readonly clock: Pick<Clock, 'wall' | 'after'>;
  /** That by UDP to the origin that we still have, if we have one. */
  readonly connection?: number | undefined;
}

/** How long QUIC has the field for itself, in milliseconds: where it works, TLS is not even tried. */
const HEAD_START_MS = 200;
/**
 * How long there may be no answer by either before another attempt begins beside those before: it takes three round trips, unless a
 * packet is lost, or was sent before the origin was there.
 */
const PAUSES_MS = [200, 200, 300, 500, 1000];
/** How long QUIC is waited for when TLS works, and when nobody answers by TLS. */
const QUIC_PATIENCE_MS = 3000;
const LAST_CHANCE_MS = 500;
/** How long connecting by TLS, and an answer, may take. */
const PATIENCE_MS = 5000;

/**
 * Connects to an origin: by QUIC, or by TLS where QUIC does not come through. Rejects with the reason when neither works.
 * Where QUIC did not come through `before` it is not waited for long.
 */
export async function findWay(
  destination: Destination,
  before: Way['transport'] | undefined,
  signal: AbortSignal,
): Promise<Way> {
  const [quicLoses, tlsLoses] = [new AbortController(), new AbortController()];
  const by = (make: typeof quicWay, until: AbortSignal) =>
    insist(
      { dial: (each) => make(destination, each), close: (way) => way.close() },
      { clock: destination.clock, pauses: PAUSES_MS },
      until,
    );
  const byQuic = by(quicWay, AbortSignal.any([signal, quicLoses.signal]));
  const byTls = later(HEAD_START_MS, AbortSignal.any([signal, tlsLoses.signal]), (until) => by(tlsWay, until));
  const patience = before === 'tls' ? LAST_CHANCE_MS : QUIC_PATIENCE_MS;
  const isLate = byTls.then(
    ({ control }) => waitBeside(control, patience),
    () => sleep(LAST_CHANCE_MS, undefined, { ref: false }),
  );
  const first = await Promise.race([byQuic.catch(() => undefined), isLate]);
  const [winner, loser, loses] = first ? [byQuic, byTls, tlsLoses] : [byTls, byQuic, quicLoses];
  loses.abort(new Error('the other way is taken'));
  loser.then((way) => way.close()).catch(() => {});
  return winner;
}

/** Lets so many milliseconds pass, in which the other node is told that we are still there. */
async function waitBeside(control: Channel, patience: number): Promise<void> {
  for (let waited = 0; waited < patience; waited += BEAT_MS) {
    control.send({ op: 'alive' });
    await sleep(BEAT_MS, undefined, { ref: false });
  }
}

async function later<T>(
  milliseconds: number,
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await sleep(milliseconds, undefined, { signal });
  return action(signal);
}

async function quicWay(destination: Destination, signal: AbortSignal): Promise<Way> {
  const { credentials } = destination;
  const { host, port } = destination.origin;
  const options = { host, port, alpn: [PROTOCOL], timeout: QUIC_PATIENCE_MS, ...credentials };
  const connection = await dialQuic(options, signal);
  const tls = new TlsStreams(destination);
  const close = () => {
    connection.close();
    tls.close();
  };
  const control = new Channel(await connection.openStream());
  const { process, ...origin } = await shakeHands(control, destination, close, signal);
  void watchProcess((until) => tls.insist(until), control, process);
  // A peer allows only so many streams on one connection.
  const open = (until: AbortSignal) => connection.openStream().catch(() => tls.open(until));
  return { transport: 'quic', ...origin, control, open, close };
}

async function tlsWay(destination: Destination, signal: AbortSignal): Promise<Way> {
  const tls = new TlsStreams(destination);
  const [open, close] = [(until: AbortSignal) => tls.open(until), () => tls.close()];
  const control = new Channel(await open(signal));
  const { process: _, ...origin } = await shakeHands(control, destination, close, signal);
  return { transport: 'tls', ...origin, control, open, close };
}

/** Streams of which each is a TLS connection. */
class TlsStreams {
  readonly #destination: Destination;
  readonly #open = new Set<Duplex>();

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  async open(signal: AbortSignal): Promise<Duplex> {
    const stream = await dialTls(this.#destination, signal);
    this.#open.add(stream);
    return stream.once('close', () => this.#open.delete(stream));
  }

  /** The same, as fast as can be. */
  insist(signal: AbortSignal): Promise<Duplex> {
    const { clock } = this.#destination;
    const attempt = {
      dial: (each: AbortSignal) => this.open(each),
      close: (stream: Duplex) => stream.destroy(),
    };
    return insist(attempt, { clock, pauses: PAUSES_MS }, signal);
  }

  close(): void {
    for (const stream of this.#open) stream.destroy();
  }
}

/** Says who we are and learns who the origin is: its answer is the proof that we are let in. */
async function shakeHands(
  control: Channel,
  { nodeId, clock: own, connection }: Destination,
  close: () => void,
  signal: AbortSignal,
): Promise<Pick<Way, 'node' | 'media' | 'clock'> & { readonly process: string | undefined }> {
  const clock = new PeerClock(own);
  try {
    const hello = { op: 'control', node: nodeId, clock: clock.sign() } as const;
    control.send({ ...hello, ...(connection !== undefined && { connection }) });
    const answer = await control.hear(signal, PATIENCE_MS);
    if (answer.op === 'control') {
      if (answer.clock) clock.read(answer.clock);
      return { node: answer.node, media: answer.media, clock, process: answer.process };
    }
    throw new RefusedError('forbidden', answer.op === 'ended' ? answer.message : 'the origin does not know us');
  } catch (error) {
    close();
    throw error;
  }
}

async function dialTls({ origin, credentials }: Destination, signal: AbortSignal): Promise<Duplex> {
  const { host, port } = origin;
  const { serverName: servername, ...pem } = credentials;
  const socket = connect({ host, port, servername, ...pem, ALPNProtocols: [PROTOCOL], minVersion: 'TLSv1.3' });
  socket.setNoDelay(true);
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new RefusedError('timeout', 'the origin does not answer')));
  try {
    await once(socket, 'secureConnect', { signal });
    return socket.setTimeout(0).on('error', () => {});
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
}
