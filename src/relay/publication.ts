import { isLoopback } from '../access/loopback.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { Hop } from '../hub/passage.ts';
import { checkedPath } from '../hub/path.ts';
import type { Publisher } from '../hub/publisher.ts';
import type { Session } from '../hub/session.ts';
import type { Kind } from '../media/track.ts';
import type { Context } from '../module.ts';
import { Departure, type Serving } from '../net/serve.ts';
import { watchSilence } from '../net/silence.ts';
import { type Channel, expectJson, orAbort } from './channel.ts';
import type { RelayMessage } from './messages.ts';
import { MessageType } from './wire/message.ts';
import { RecordReader } from './wire/record.ts';

/** How often an edge is told what the origin has, in milliseconds. */
const TELL_EVERY_MS = 200;

/** The way in which a publisher of an edge comes. */
type Wish = RelayMessage & { readonly op: 'publish' } & { readonly node: string; readonly isInner?: boolean };

/** The publishers that come by other nodes: one that comes again is known, and not in its own way. */
export class Publications {
  readonly #present = new Map<string, { readonly serving: Serving; readonly left: Promise<void> }>();

  /** Resolves when the publisher's connection before is gone, if there is one. The function returned is to be called when this one is. */
  async enter(id: string, serving: Serving): Promise<() => void> {
    const before = this.#present.get(id);
    const left = Promise.withResolvers<void>();
    const entry = { serving, left: left.promise };
    this.#present.set(id, entry);
    before?.serving.end(new Departure('the publisher came again'));
    await before?.left;
    return () => {
      if (this.#present.get(id) === entry) this.#present.delete(id);
      left.resolve();
    };
  }
}

/** Takes what is published at an edge, as if its publisher had come here. Always rejects, with the reason why that is over. */
export async function receivePublication(
  { context, publications }: { readonly context: Context; readonly publications: Publications },
  channel: Channel,
  serving: Serving,
  wish: Wish,
): Promise<never> {
  const { session, signal } = serving;
  const leave = await publications.enter(`${wish.node} ${wish.id}`, serving);
  try {
    signal.throwIfAborted();
    const path = checkedPath(wish.path);
    const via = context.dialers.checkVia(wish.via);
    if (via !== '') session.detail['via'] = via;
    session.detail['node'] = wish.node;
    session.detail['publisher'] = wish.remote;
    if (wish.way) cameBy(session, wish.way);
    serving.begin('publish', path);
    const remote = remoteOf(wish.remote, session);
    const { role, standing, isInner = false } = wish;
    const asked = { path, remote, query: new Map(wish.query), role, standing, isAdmitted: isInner };
    const publisher = await context.ingress.publish(asked, session, signal);
    return await receive(context, channel, serving, publisher);
  } finally {
    leave();
  }
}

/** Notes the way from the edge back to the publisher, as the edge told it. */
function cameBy(session: Session, hops: readonly Hop[]): void {
  const { path = '', isInner } = session;
  session.source = { trace: hops[0]?.gets?.id };
  const follow = async () => ({ path, hops });
  session.passage = { ahead: undefined, delay: undefined, loss: undefined, isInner, follow };
}

/** The address of a client of another node: one at that node's own machine comes from its address, whatever he is called there. */
export function remoteOf(told: string, { remote, isInner }: Session): string {
  return isLoopback(told) && !isInner ? remote : told;
}

async function receive(context: Context, channel: Channel, serving: Serving, publisher: Publisher): Promise<never> {
  const { config, clock } = context;
  const { session, signal } = serving;
  const reception = new Reception(channel, publisher, session);
  const end = (reason: Error) => serving.end(reason);
  const unwatch = watchSilence(publisher, () => reception.hasBegun, config.publish, clock, end);
  const timer = setInterval(() => reception.tell(), TELL_EVERY_MS);
  try {
    signal.throwIfAborted();
    channel.send({ op: 'accepted' });
    return await orAbort(reception.run(), signal);
  } finally {
    clearInterval(timer);
    unwatch();
    publisher.close(reception.isDeliberate);
  }
}

/** What comes of a publisher, and what is said of that. */
class Reception {
  /** Whether the publisher said that he ends. */
  isDeliberate = false;
  readonly #channel: Channel;
  readonly #publisher: Publisher;
  readonly #session: Session;
  readonly #reader = new RecordReader();
  /** The `seq` that follows what has come, and that was told. */
  #next = 0;
  #told = 0;
  /** Under which token its frames stand, as that was told. */
  #toldToken: number | undefined;

  constructor(channel: Channel, publisher: Publisher, session: Session) {
    this.#channel = channel;
    this.#publisher = publisher;
    this.#session = session;
  }

  get hasBegun(): boolean {
    return this.#next > 0;
  }

  /** Takes all that comes. Always rejects, with the reason why nothing more does. */
  async run(): Promise<never> {
    for await (const message of this.#channel.messages()) {
      if (message.type === MessageType.record) this.#take(message.body);
      else this.#heed(expectJson(message));
    }
    throw new Departure('the edge ended the connection');
  }

  /** Says what has come. */
  tell(): void {
    if (this.#next === this.#told) return;
    this.#told = this.#next;
    const { standing } = this.#publisher;
    this.#toldToken = standing?.token;
    this.#channel.send({ op: 'taken', next: this.#next, ...(standing && { standing }) });
  }

  #take(body: Uint8Array): void {
    const record = this.#reader.read(body);
    if (!record) throw new ProtocolError('a frame of a track that was not announced');
    this.#session.bytesIn += body.length;
    this.#publisher.write(record);
    this.#next = record.seq + 1;
    if (this.#isPlacedAnew()) this.tell();
  }

  /** Whether viewers may know of a token that the publisher does not: were we to fail now, he could not go on with it. */
  #isPlacedAnew(): boolean {
    const publisher = this.#publisher;
    return publisher.stream.lease.token !== this.#toldToken && publisher.standing !== undefined;
  }

  #heed(message: RelayMessage): void {
    if (message.op === 'announce') this.#publisher.announce(new Set(Object.keys(message.lineup) as Kind[]));
    else if (message.op !== 'ended') throw new ProtocolError(`"${message.op}" among frames`);
    else {
      this.isDeliberate = message.code === 'gone';
      throw this.isDeliberate ? new RefusedError('gone', message.message) : new Departure(message.message);
    }
  }
}
