import { RefusedError } from '../../base/errors.ts';
import { FlvMuxer } from '../../container/flv/muxer.ts';
import { formatName, readSelection } from '../../container/flv/selection.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Frame } from '../../media/frame.ts';
import type { Context } from '../../module.ts';
import type { Demand, Dialer } from '../../net/dialers.ts';
import { pump } from '../../net/pump.ts';
import { Departure, type Serving } from '../../net/serve.ts';
import type { Cargo } from '../../net/takers.ts';
import { watch } from '../../net/watch.ts';
import { PLAYER_RATE } from './connection.ts';
import { Dialogue, RedirectError } from './dialogue.ts';
import { rtmpBox } from './egress.ts';
import { Publication } from './ingest.ts';
import { type RtmpAddress, rtmpAddress } from './wire/address.ts';
import { PUBLISHER_LIMITS, STRANGER_LIMITS } from './wire/chunk-reader.ts';
import { isMedia, MessageType, type RtmpMessage } from './wire/message.ts';
import { SET_DATA_FRAME } from './wire/request.ts';

/** How often a server may send us on to another one. */
const MOST_REDIRECTS = 3;
/** What players ask for: live, or else recorded; and how much they say they hold, in milliseconds. */
const [LIVE_OR_RECORDED, BUFFER] = [-2000, 3000];
/** Everything, in the dialect of today. */
const SELECTION = readSelection(new Map());

/** Plays streams from RTMP servers elsewhere, and publishes there. */
export function rtmpDialer(context: Context): Dialer {
  return {
    protocol: 'rtmp',
    pull: (url, path, serving, demand) => follow(url, (address) => pull(context, address, { path, serving, demand })),
    push: (url, stream, serving) => follow(url, (address) => push(context, address, ofOurs(context, stream), serving)),
    ask: (url, signal) => ask(context, rtmpAddress(url), signal),
    carry: (url, cargo, serving) => follow(url, (address) => push(context, address, ofCargo(cargo), serving)),
  };
}

async function follow(url: string, talk: (address: RtmpAddress) => Promise<never>): Promise<never> {
  let address = rtmpAddress(url);
  for (let redirects = 0; ; redirects++) {
    try {
      return await talk(address);
    } catch (error) {
      if (!(error instanceof RedirectError)) throw error;
      if (redirects === MOST_REDIRECTS) throw new Departure(`redirected more than ${MOST_REDIRECTS} times`);
      address = error.target;
    }
  }
}

/** Connects and leaves: with the parameters of the name in the URL that `connect` tells, which is what a server decides on by then. */
async function ask(context: Context, address: RtmpAddress, signal: AbortSignal): Promise<void> {
  const [, parameters = ''] = /(\?.*)$/.exec(address.name) ?? [];
  const dialogue = new Dialogue(context, { ...address, tcUrl: `${address.tcUrl}${parameters}` });
  const end = () => dialogue.connection.fail(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([
      dialogue.run(
        () => {},
        () => {},
      ),
      dialogue.connect({ via: context.dialers.via() }),
    ]);
  } finally {
    signal.removeEventListener('abort', end);
    dialogue.close();
  }
}

/** What is to be pulled, and where to. */
interface Errand {
  readonly path: StreamPath;
  readonly serving: Serving;
  readonly demand: Demand | undefined;
}

async function pull(context: Context, address: RtmpAddress, errand: Errand): Promise<never> {
  const { serving, demand } = errand;
  const dialogue = new Dialogue(context, address);
  const arrival = new Arrival(context, dialogue, errand);
  const play = async (): Promise<never> => {
    await dialogue.connect({ via: context.dialers.via(), ...(demand && { wait: 0 }) });
    const streamId = await dialogue.createStream();
    dialogue.begun();
    arrival.expect();
    dialogue.connection.trust(PUBLISHER_LIMITS);
    dialogue.connection.control({ kind: 'set-buffer-length', streamId, milliseconds: BUFFER });
    await dialogue.ask(streamId, 'NetStream.Play.Start', 'play', address.name, LIVE_OR_RECORDED);
    return new Promise<never>(() => {});
  };
  return converse(dialogue, serving, play, (message) => arrival.take(message)).finally(() => arrival.close());
}

/** What is to be published elsewhere. */
interface Parcel {
  readonly stream: Stream;
  readonly via: string;
  /** Sends it on a message stream until it is over. Always rejects. */
  send(dialogue: Dialogue, streamId: number, serving: Pick<Serving, 'session' | 'signal'>): Promise<never>;
}

async function push(context: Context, address: RtmpAddress, parcel: Parcel, serving: Serving): Promise<never> {
  const dialogue = new Dialogue(context, address);
  const { name } = address;
  const { session } = serving;
  const ending = new AbortController();
  const publish = async (): Promise<never> => {
    await dialogue.connect({ via: parcel.via });
    dialogue.tell('releaseStream', name);
    dialogue.tell('FCPublish', name);
    const streamId = await dialogue.createStream();
    await dialogue.ask(streamId, 'NetStream.Publish.Start', 'publish', name, 'live');
    dialogue.begun();
    dialogue.connection.trust(STRANGER_LIMITS, PLAYER_RATE);
    serving.begin('play', parcel.stream.path);
    return parcel.send(dialogue, streamId, { session, signal: ending.signal }).catch((reason: unknown) => {
      if (!ending.signal.aborted && !isBreak(reason)) sayGoodbye(dialogue, streamId, name);
      throw reason;
    });
  };
  return converse(dialogue, serving, publish, () => {}).finally(() => ending.abort(new Departure('the push is over')));
}

/** A stream of ours. All pushes of it share their bytes, if the servers give out the same message stream, which is 1. */
function ofOurs(context: Context, stream: Stream): Parcel {
  return {
    stream,
    via: context.dialers.via(stream.publisher?.session.detail['via']),
    send: ({ connection }, streamId, serving) => {
      const format = formatName(`rtmp-push:${streamId}`, SELECTION);
      const viewing = { stream, format, mux: () => muxer(streamId, stream), sink: connection.socket };
      return watch(context, serving, viewing);
    },
  };
}

/** What is published here and goes on to an origin. */
function ofCargo(cargo: Cargo): Parcel {
  const { stream, via } = cargo;
  return {
    ...{ stream, via },
    send: ({ connection: { socket } }, streamId, { session, signal }) => {
      const reader = cargo.accept();
      let mux: FlvMuxer | undefined;
      const write = (frame: Frame) => {
        const isFirst = !mux;
        // Only now it is known what the stream is made of.
        mux ??= muxer(streamId, stream);
        mux.write(frame, ({ bytes, prelude }) => {
          if (isFirst) socket.write(prelude);
          session.bytesOut += bytes.length;
          socket.write(bytes);
        });
      };
      return pump(reader, { sink: socket, write, taken: (position) => cargo.confirm(position) }, signal);
    },
  };
}

function muxer(streamId: number, { tracks }: Stream): FlvMuxer {
  const { kinds, dialect } = SELECTION;
  return new FlvMuxer({ box: rtmpBox(streamId, SET_DATA_FRAME), dialect, kinds, tracks: tracks.values() });
}

/** Whether a publisher broke off: he may return. */
function isBreak(reason: unknown): boolean {
  return reason instanceof RefusedError && reason.code === 'timeout';
}

/** FMLE's way to stop. */
function sayGoodbye(dialogue: Dialogue, streamId: number, name: string): void {
  dialogue.tell('FCUnpublish', name);
  dialogue.tell('deleteStream', streamId);
}

/** Runs a connection and what is done on it, until the first of the two fails; rejects with that reason. */
async function converse(
  dialogue: Dialogue,
  { session, signal }: Serving,
  act: () => Promise<never>,
  handle: (message: RtmpMessage) => Promise<void> | void,
): Promise<never> {
  const end = () => dialogue.connection.fail(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const count = (bytes: number) => {
    session.bytesIn += bytes;
  };
  try {
    return await Promise.race([dialogue.run(handle, count), act()]);
  } finally {
    signal.removeEventListener('abort', end);
    dialogue.close();
  }
}

/** What is played from elsewhere: a stream of ours, from its first frame on. */
class Arrival {
  readonly #context: Context;
  readonly #dialogue: Dialogue;
  readonly #errand: Errand;
  #publication: Publication | undefined;
  /** The metadata that came last before the first frame. */
  #metadata: RtmpMessage | undefined;
  #cancel = () => {};
  #isClosed = false;

  constructor(context: Context, dialogue: Dialogue, errand: Errand) {
    this.#context = context;
    this.#dialogue = dialogue;
    this.#errand = errand;
  }

  /** From now on the first frame must come in time. */
  expect(): void {
    const { clock, config } = this.#context;
    const expire = () => this.#dialogue.connection.fail(new RefusedError('timeout', 'no frame came in time'));
    this.#cancel = clock.after(config.publish.firstFrameTimeout, expire);
  }

  take(message: RtmpMessage): Promise<void> | void {
    if (this.#publication) return this.#publication.write(message);
    if (isMedia(message.type)) return this.#begin(message);
    if (message.type === MessageType.dataAmf0) this.#metadata = message;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#publication?.close(false);
  }

  async #begin(first: RtmpMessage): Promise<void> {
    this.#cancel();
    const { path, serving, demand } = this.#errand;
    const { session, signal } = serving;
    serving.begin('publish', path);
    const publisher = await this.#context.hub.publish(path, session, signal, demand?.role, { isFetched: true });
    if (this.#isClosed) return publisher.close(false);
    this.#publication = new Publication(this.#context, serving, this.#dialogue.connection, publisher);
    if (this.#metadata) this.#publication.write(this.#metadata);
    this.#publication.write(first);
  }
}
