import type { Duplex } from 'node:stream';
import { MILLISECOND } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import { hangUp } from '../net/hang-up.ts';
import { Departure, type Serving, serve } from '../net/serve.ts';
import { concede, judge, survey, tellWay } from './answers.ts';
import { attendToTheEnd } from './attend.ts';
import { Channel } from './channel.ts';
import { keepAlive } from './control.ts';
import { sendFile } from './files.ts';
import type { RelayMessage } from './messages.ts';
import { type News, tellNews } from './news.ts';
import type { Peer } from './peer.ts';
import { PeerClock } from './peer-clock.ts';
import { type Publications, receivePublication } from './publication.ts';
import { type SubscriberGround, serveSubscriber } from './subscriber.ts';

/** What serving other nodes needs. */
export interface OriginGround extends SubscriberGround {
  readonly nodeId: string;
  /** Another one each time that this process starts; absent where nobody needs to know. */
  readonly process?: string;
  /** Where those are told of it who want to hear what is published. */
  readonly news?: News;
  /** What edges publish here. */
  readonly publications?: Publications;
}

/** Serves one stream of bytes that a node has opened, by the message that it begins with. Never rejects. */
export async function serveNode(ground: OriginGround, stream: Duplex, peer: Peer): Promise<void> {
  const { context } = ground;
  const { remote, isInner } = peer;
  await serve(context, { protocol: 'relay', remote, isInner }, async (serving) => {
    const channel = new Channel(stream);
    stream.once('close', () => serving.end(new Departure('the node left')));
    try {
      const wish = await channel.hear(serving.signal, context.config.limits.command / MILLISECOND);
      await answer(ground, channel, serving, peer, wish);
    } catch (reason) {
      channel.send(farewell(reason));
      throw reason;
    } finally {
      hangUp(stream);
    }
  });
}

/** Does what a node wishes. */
async function answer(
  ground: OriginGround,
  channel: Channel,
  serving: Serving,
  peer: Peer,
  wish: RelayMessage,
): Promise<void> {
  const { context, news, publications } = ground;
  if (wish.op === 'control') await control(ground, channel, serving, peer, wish);
  else if (wish.op === 'watch') await watched(ground, channel, serving, wish.process);
  else if (wish.op === 'subscribe') await serveSubscriber(ground, channel, serving, peer, wish);
  else if (wish.op === 'follow' && news) await tellNews({ ...ground, news }, channel, serving, peer);
  else if (wish.op === 'publish' && publications)
    await receivePublication({ context, publications }, channel, serving, { ...wish, ...peer, remote: wish.remote });
  else if (wish.op === 'fetch') await sendFile(context, channel, serving, wish);
  else if (wish.op === 'may') await judge(context, channel, serving, wish);
  else if (wish.op === 'claim') await concede(context, channel, peer, wish);
  else if (wish.op === 'survey') await survey(context, channel, peer, wish);
  else if (wish.op === 'trace') await tellWay(context, channel, peer, wish);
  else throw new ProtocolError(`a stream that begins with "${wish.op}"`);
}

/** Keeps up a node's control channel. Who the node is, its certificate says, whatever it calls itself. */
async function control(
  { context, nodeId, process, media }: OriginGround,
  channel: Channel,
  { signal }: Serving,
  peer: Peer,
  { connection, clock: sign }: RelayMessage & { readonly op: 'control' },
): Promise<void> {
  const clock = new PeerClock(context.clock);
  if (sign) clock.read(sign);
  signal.addEventListener('abort', () => channel.break(signal.reason), { once: true });
  const welcome = media?.welcome(peer, connection);
  try {
    channel.send({
      op: 'control',
      node: nodeId,
      ...(welcome && { media: welcome.link.offer }),
      clock: clock.sign(),
      ...(process !== undefined && { process }),
    });
    const hear = (message: RelayMessage) => {
      if (message.op === 'policy') welcome?.link.heed(message);
    };
    await keepAlive(channel, { hear, heard: () => welcome?.link.heard ?? 0, clock });
  } finally {
    welcome?.leave(!isDismissed(signal));
  }
}

/** Whether a session was ended here: all others may be back in a moment. */
function isDismissed({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof Departure);
}

/** Lasts until either end is gone: at once, where another process is watched than this one. */
async function watched(
  { process }: OriginGround,
  channel: Channel,
  serving: Serving,
  wanted: string | undefined,
): Promise<never> {
  if (wanted !== undefined && wanted !== process) throw new RefusedError('gone', 'this process is another one');
  return attendToTheEnd(channel, serving);
}

function farewell(reason: unknown): RelayMessage {
  if (reason instanceof RefusedError) return { op: 'ended', code: reason.code, message: reason.message };
  const isOurs = !(reason instanceof ProtocolError || reason instanceof Departure);
  return { op: 'ended', code: 'protocol', message: isOurs ? 'the server failed' : reason.message };
}
