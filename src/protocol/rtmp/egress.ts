import { SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { type Box, FlvMuxer } from '../../container/flv/muxer.ts';
import { formatName, readSelection, type Selection } from '../../container/flv/selection.ts';
import type { Context } from '../../module.ts';
import type { Serving } from '../../net/serve.ts';
import { watch } from '../../net/watch.ts';
import { CHUNK_SIZE, type Connection } from './connection.ts';
import { encodeMessage } from './wire/chunk-writer.ts';
import { ChunkStreamId, MessageType } from './wire/message.ts';
import { onStatus, sampleAccess } from './wire/reply.ts';

/** The one message stream that we hand out: all viewers of a stream are sent the same bytes, its id among them. */
export const STREAM_ID = 1;

/** So many pauses, and one more a second, are a person's. */
const MOST_PAUSES = 10;

const TYPES = { audio: MessageType.audio, video: MessageType.video, script: MessageType.dataAmf0 };
const CHUNK_STREAMS = { audio: ChunkStreamId.audio, video: ChunkStreamId.video, script: ChunkStreamId.data };

/** What is to be played. */
export interface Wish {
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  /** How long it may take to be there, in microseconds. */
  readonly wait: number;
}

/** From `play` to `closeStream`: sends a stream as soon as there is one. */
export class Play {
  readonly #context: Context;
  readonly #serving: Serving;
  readonly #connection: Connection;
  readonly #path: string;
  readonly #wait: number;
  readonly #selection: Selection;
  readonly #began: number;
  #pauses = 0;
  #ending = new AbortController();

  /** Throws `RefusedError` when the query asks for what does not exist. */
  constructor(context: Context, serving: Serving, connection: Connection, { path, query, wait }: Wish) {
    this.#context = context;
    this.#serving = serving;
    this.#connection = connection;
    this.#path = path;
    this.#wait = wait;
    this.#began = context.clock.now();
    this.#selection = readSelection(query);
  }

  /** Says that it plays, whether or not the stream is there yet, as SRS does: players wait. */
  start(): void {
    const name = this.#path.slice(this.#path.lastIndexOf('/') + 1);
    const details = { level: 'status', extra: { details: name, clientid: this.#serving.session.id } } as const;
    this.#connection.control({ kind: 'stream-begin', streamId: STREAM_ID });
    this.#command(onStatus({ ...details, code: 'NetStream.Play.Reset', description: `playing and resetting ${name}` }));
    this.#command(onStatus({ ...details, code: 'NetStream.Play.Start', description: `started playing ${name}` }));
    this.#connection.send(MessageType.dataAmf0, STREAM_ID, sampleAccess());
    this.#run();
  }

  /** Stops and goes on; what came meanwhile is not sent. */
  pause(isPaused: boolean): void {
    if (isPaused) this.#ending.abort();
    else if (this.#ending.signal.aborted) {
      this.#checkPauses();
      this.#ending = new AbortController();
      this.#run();
    }
  }

  close(): void {
    this.#ending.abort();
  }

  /** Whoever goes on is sent everything since the last key frame: that must not be had for a few bytes again and again. */
  #checkPauses(): void {
    const seconds = (this.#context.clock.now() - this.#began) / SECOND;
    if (++this.#pauses > MOST_PAUSES + seconds) throw new RefusedError('limit', 'paused too often');
  }

  #run(): void {
    const { signal } = this.#ending;
    this.#watch(signal).catch((reason: unknown) => {
      if (!signal.aborted) this.#connection.fail(reason);
    });
  }

  async #watch(signal: AbortSignal): Promise<never> {
    const { hub } = this.#context;
    const stream = await hub.read(this.#path, this.#wait, signal);
    const { kinds, dialect } = this.#selection;
    const box = rtmpBox(STREAM_ID);
    const mux = () => new FlvMuxer({ box, dialect, kinds, tracks: stream.tracks.values() });
    const format = formatName('rtmp', this.#selection);
    const { session } = this.#serving;
    return watch(this.#context, { session, signal }, { stream, format, mux, sink: this.#connection.socket });
  }

  #command(payload: Uint8Array): void {
    this.#connection.send(MessageType.commandAmf0, STREAM_ID, payload);
  }
}

/** Tags as messages on a message stream; `scriptHead` is put before the body of script tags. */
export function rtmpBox(streamId: number, scriptHead?: Uint8Array): Box {
  return (type, timestamp, head, payload) => {
    const message = { chunkStreamId: CHUNK_STREAMS[type], type: TYPES[type], streamId, timestamp, payload };
    return encodeMessage(message, CHUNK_SIZE, type === 'script' ? (scriptHead ?? head) : head);
  };
}
