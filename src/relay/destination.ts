import type { Duplex } from 'node:stream';
import { type RefusalCode, RefusedError } from '../base/errors.ts';
import type { Lineup } from '../hub/stream.ts';
import type { Frame } from '../media/frame.ts';
import { hangUp } from '../net/hang-up.ts';
import { pump } from '../net/pump.ts';
import { Departure, type Serving } from '../net/serve.ts';
import type { Cargo, PlayWish, Taker } from '../net/takers.ts';
import { Channel, expectJson } from './channel.ts';
import { announcementOf, type RelayMessage } from './messages.ts';
import type { Source } from './subscription.ts';
import { RecordWriter } from './wire/record.ts';

/** How long an origin may take to say whether it takes a stream, in milliseconds: its gate and a rival's silence take their time. */
const PATIENCE_MS = 10_000;

/** A node as one to which what is published here can go. */
export function takerAt(source: Source): Taker {
  const { name, host: remote, isInner = false } = source;
  return {
    ...{ name, protocol: 'relay', remote, isInner, recognizes: true },
    take: (cargo, serving) => publish(source, cargo, serving),
    ask: (wish, signal) => ask(source, wish, signal),
  };
}

async function ask(
  source: Source,
  { path, remote, query, protocol, via }: PlayWish,
  signal: AbortSignal,
): Promise<void> {
  const channel = new Channel(await reach(source, signal));
  try {
    channel.send({ op: 'may', path, remote, query: [...query], protocol, via });
    const answer = await channel.hear(signal, PATIENCE_MS);
    if (answer.op !== 'granted') throw refusalIn(answer);
  } finally {
    channel.stream.destroy();
  }
}

/** What an origin says that its publisher must hear; after all else another one is asked. */
const REFUSALS: ReadonlySet<string> = new Set<RefusalCode>(['busy', 'forbidden', 'kicked', 'limit', 'unsupported']);

async function publish(source: Source, cargo: Cargo, serving: Serving): Promise<never> {
  const { signal } = serving;
  const channel = new Channel(await reach(source, signal));
  const abort = () => channel.break(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const way = await cargo.trace();
    channel.send({ ...requestOf(cargo), ...(way && { way: way.hops }) });
    const answer = await channel.hear(signal, PATIENCE_MS);
    if (answer.op !== 'accepted') throw refusalIn(answer);
    serving.begin('play', cargo.wish.path);
    return await sendAll(channel, cargo, serving);
  } catch (reason) {
    const { ended } = cargo.stream;
    if (ended && reason === ended) channel.send({ op: 'ended', code: ended.code, message: ended.message });
    throw reason;
  } finally {
    signal.removeEventListener('abort', abort);
    hangUp(channel.stream);
  }
}

/** Sends what there is, and what comes, until the origin wants no more. Always rejects. */
async function sendAll(channel: Channel, cargo: Cargo, { session, signal }: Serving): Promise<never> {
  const over = new AbortController();
  heed(channel, cargo).catch((reason: unknown) => over.abort(reason));
  const writer = new RecordWriter();
  let lineup: Lineup | undefined;
  const write = (frame: Frame) => {
    if (lineup !== cargo.stream.lineup) channel.send(announcementOf(cargo.stream, session.id));
    lineup = cargo.stream.lineup;
    const { message } = writer.write(frame);
    session.bytesOut += message.length;
    channel.stream.write(message);
  };
  return pump(cargo.accept(), { sink: channel.stream, write }, AbortSignal.any([signal, over.signal]));
}

async function reach(source: Source, signal: AbortSignal): Promise<Duplex> {
  try {
    return await source.open(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : new Departure((error as Error).message);
  }
}

function requestOf({ id, via, wish, standing }: Cargo): RelayMessage & { readonly op: 'publish' } {
  const { path, remote, query, role } = wish;
  return {
    ...{ op: 'publish', path, id, remote, query: [...query], via },
    ...(role && { role }),
    ...(standing && { standing }),
  };
}

/** Hears what the origin has, until it wants no more. Always rejects. */
async function heed(channel: Channel, cargo: Cargo): Promise<never> {
  for await (const message of channel.messages()) {
    const told = expectJson(message);
    if (told.op === 'taken') cargo.confirm(told.next, told.standing);
    else throw refusalIn(told);
  }
  throw new Departure('the origin ended the connection');
}

/** What an origin says that does not want a stream, or not any more. */
function refusalIn(message: RelayMessage): Error {
  if (message.op !== 'ended') return new Departure(`the origin says "${message.op}"`);
  const { code, message: text } = message;
  return REFUSALS.has(code) ? new RefusedError(code as RefusalCode, text) : new Departure(text);
}
