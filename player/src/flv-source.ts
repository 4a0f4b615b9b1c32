import { ProtocolError } from '../../src/base/errors.ts';
import { FlvReader } from './flv-reader.ts';
import { codecOf, isTrackSupported } from './media-source.ts';
import type { Failure } from './policy.ts';
import type { Open, Source, SourceEvents } from './source.ts';

/** Opens a line of HTTP-FLV. */
export const openHttpFlv: Open = ({ url }, events) => {
  const closing = new AbortController();
  const intake = new Intake(events);
  void read(url, closing.signal, intake).then((failure) => intake.fail(failure));
  return closedBy(intake, () => closing.abort());
};

/** Opens a line of WebSocket-FLV. */
export const openWebSocketFlv: Open = ({ url }, events) => {
  const intake = new Intake(events);
  const socket = connect(url);
  if (!socket) {
    queueMicrotask(() => intake.fail({ kind: 'network' }));
    return closedBy(intake, () => {});
  }
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer && !intake.take(new Uint8Array(data))) socket.close();
  };
  // A browser does not tell why a WebSocket was refused.
  socket.onclose = () => intake.fail({ kind: 'closed' });
  return closedBy(intake, () => socket.close());
};

/** Nothing where this page may not: one of `https:` opens no `ws:`. */
function connect(url: string): WebSocket | undefined {
  try {
    return new WebSocket(url);
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

/** What comes of one line, up to its first fault. */
class Intake {
  readonly #reader = new FlvReader();
  #events: SourceEvents | undefined;

  constructor(events: SourceEvents) {
    this.#events = events;
  }

  /** False where that was of no use. */
  take(bytes: Uint8Array): boolean {
    this.#events?.bytes(bytes.length);
    const samples = this.#read(bytes);
    const foreign = this.#reader.tracks.find((track) => !isTrackSupported(track));
    if (!samples) this.fail({ kind: 'media' });
    else if (foreign) this.fail({ kind: 'unsupported', codec: codecOf(foreign) });
    else if (samples.length > 0) this.#events?.frames({ samples, kinds: this.#reader.kinds });
    return this.#events !== undefined;
  }

  fail(failure: Failure): void {
    this.#events?.failed(failure);
    this.close();
  }

  close(): void {
    this.#events = undefined;
  }

  #read(bytes: Uint8Array) {
    try {
      return this.#reader.push(bytes);
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
}

function closedBy(intake: Intake, hangUp: () => void): Source {
  return {
    close() {
      intake.close();
      hangUp();
    },
  };
}

/** Resolves to the reason for which it is over. */
async function read(url: string, signal: AbortSignal, intake: Intake): Promise<Failure> {
  const response = await fetch(url, { signal, cache: 'no-store' }).catch(() => undefined);
  if (!response) return { kind: 'network' };
  if (!response.ok || !response.body) return { kind: 'status', status: response.status };
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done || !value) return { kind: 'closed' };
    if (!intake.take(value)) return { kind: 'media' };
  }
}
