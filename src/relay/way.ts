import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { OriginAddress } from '../config/options.ts';
import { insist, Pauses } from '../net/insist.ts';
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

/** How one looks for a way, who has looked for it before. */
export interface Search {
  /** By what one came the last time: where QUIC did not come through then it is not waited for long. */
  readonly before?: Way['transport'] | undefined;
  /** Those between attempts by QUIC. */
  readonly pauses?: Pauses;
  /** Is told that nobody is there, with the reason; it goes on nevertheless. */
  readonly onSilence?: (reason: unknown) => void;
}

/** How long QUIC has the field for itself, in milliseconds: where it works, TLS is not even tried. */
const HEAD_START_MS = 200;
/**
 * How long there may be no answer before another attempt begins, in milliseconds: it takes three round trips by QUIC and four by TLS, unless
 * a packet is lost, or was sent before the origin was there. An origin that has more to do than it can is spared in the end.
 */
const QUIC_PAUSES_MS = [...Array<number>(10).fill(100), ...Array<number>(5).fill(200), 500];
const TLS_PAUSES_MS = [250, 250, 250, 500];
/** How long an attempt by QUIC may take, and QUIC is waited for when TLS works. */
const QUIC_PATIENCE_MS = 3000;
/** How long it is waited for where it hardly works: it did not before, or nobody answers by TLS. */
const LAST_CHANCE_MS = 500;
/** How long connecting by TLS, and an answer, may take. */
const PATIENCE_MS = 5000;
/** How long one looks with the same credentials. */
const LONGEST_SEARCH = 10 * SECOND;

/** What {@link Search} begins with. */
export function firstPauses(): Pauses {
  return new Pauses(QUIC_PAUSES_MS);
}

/**
 * Connects to an origin: by QUIC, or by TLS where QUIC does not come through. One that is not there is dialled until it is: nothing else tells
 * that it has come back. Rejects with the reason when it does not let us in, or was not there for long.
 */
export async function findWay(
  destination: Destination,
  { before, pauses = firstPauses(), onSilence }: Search,
  signal: AbortSignal,
): Promise<Way> {
  const { clock } = destination;
  const [late, quicLoses, tlsLoses] = [new AbortController(), new AbortController(), new AbortController()];
  let silence: unknown = new RefusedError('timeout', 'the origin does not answer');
  let isOver = false;
  const onMiss = (reason: unknown) => {
    silence = reason;
    // Where nobody listens attempts cost nobody much, and one of them is to be the first thing that he hears.
    if ((reason as NodeJS.ErrnoException).code === 'ECONNREFUSED') pauses.reset();
    clock.after(LAST_CHANCE_MS * MILLISECOND, () => !isOver && onSilence?.(reason));
  };
  const attempt = (make: typeof quicWay) => ({
    dial: (each: AbortSignal) => make(destination, each),
    close: (way: Way) => way.close(),
    isAnswer: isRefusal,
  });
  const until = (loses: AbortController) => AbortSignal.any([signal, late.signal, loses.signal]);
  const byQuic = insist(attempt(quicWay), { clock, pauses }, until(quicLoses));
  const byTls = later(HEAD_START_MS, until(tlsLoses), (each) =>
    insist({ ...attempt(tlsWay), onMiss }, { clock, pauses: new Pauses(TLS_PAUSES_MS) }, each),
  );
  const cancel = clock.after(LONGEST_SEARCH, () => late.abort(silence));
  const patience = before === 'tls' ? LAST_CHANCE_MS : QUIC_PATIENCE_MS;
  const isLate = byTls.then(
    ({ control }) => waitBeside(control, patience),
    () => sleep(LAST_CHANCE_MS, undefined, { ref: false }),
  );
  const first = await Promise.race([byQuic.catch(() => undefined), isLate]);
  const [winner, loser, loses] = first ? [byQuic, byTls, tlsLoses] : [byTls, byQuic, quicLoses];
  loses.abort(new Error('the other way is taken'));
  loser.then((way) => way.close()).catch(() => {});
  return winner.finally(() => {
    isOver = true;
    cancel();
  });
}

/** Whether the origin has said no, and not only not yet. */
function isRefusal(reason: unknown): boolean {
  return reason instanceof RefusedError && reason.code !== 'timeout';
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
    return insist(attempt, { clock, pauses: new Pauses(TLS_PAUSES_MS) }, signal);
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
