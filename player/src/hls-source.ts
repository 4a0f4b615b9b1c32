import { ProtocolError } from '../../src/base/errors.ts';
import { readFragments } from '../../src/container/fmp4/read-fragments.ts';
import { readInitSegment } from '../../src/container/fmp4/read-init.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Kind, Track } from '../../src/media/track.ts';
import { HlsPlaylist, type Piece, type Place, readMaster } from './hls-playlist.ts';
import { codecOf, isTrackSupported } from './media-source.ts';
import type { Failure } from './policy.ts';
import type { Open, SourceEvents } from './source.ts';

/** Opens a line of HLS of fMP4, with parts where there are such. */
export const openHls: Open = ({ url }, events) => {
  const closing = new AbortController();
  const source = new HlsSource(events, closing.signal);
  void source.run(url).catch((error: unknown) => {
    if (!closing.signal.aborted) events.failed(failureOf(error));
  });
  return { close: () => closing.abort() };
};

/** A request, or what came of it, was of no use. */
class HlsError extends Error {
  override readonly name = 'HlsError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind);
    this.failure = failure;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof HlsError) return error.failure;
  if (error instanceof ProtocolError) return { kind: 'media' };
  throw error;
}

class HlsSource {
  readonly #events: SourceEvents;
  readonly #signal: AbortSignal;
  /** The init segment that holds, by its address, and its tracks. */
  #init = '';
  #tracks = new Map<Kind, Track>();

  constructor(events: SourceEvents, signal: AbortSignal) {
    this.#events = events;
    this.#signal = signal;
  }

  /** Rejects with the reason for which it is over. */
  async run(master: string): Promise<never> {
    const media = readMaster(await this.#text(master), master);
    let playlist = new HlsPlaylist(await this.#text(media), media);
    let place: Place = playlist.start;
    for (;;) {
      const { pieces, next } = playlist.from(place);
      for (const piece of pieces) await this.#take(piece);
      if (playlist.ended) throw new HlsError({ kind: 'closed' });
      place = next;
      playlist = new HlsPlaylist(await this.#text(await this.#later(playlist, media, place)), media);
    }
  }

  /** Where to ask for what comes next; where the server does not wait for that, it is waited for here. */
  async #later(playlist: HlsPlaylist, media: string, place: Place): Promise<string> {
    const url = playlist.waitFor(place);
    if (url === undefined) await new Promise((resolve) => setTimeout(resolve, playlist.target * 500));
    return url ?? media;
  }

  async #take({ url, init }: Piece): Promise<void> {
    if (init !== this.#init) await this.#begin(init);
    const written = readFragments(await this.#bytes(url));
    const samples: Sample[] = [];
    for (const [kind, track] of this.#tracks) samples.push(...written[kind].map((frame) => ({ ...frame, track })));
    samples.sort((a, b) => a.dts - b.dts);
    if (samples.length > 0) this.#events.frames({ samples, kinds: new Set(this.#tracks.keys()) });
  }

  async #begin(init: string): Promise<void> {
    const tracks = readInitSegment(await this.#bytes(init));
    const foreign = tracks.find((track) => !isTrackSupported(track));
    if (foreign) throw new HlsError({ kind: 'unsupported', codec: codecOf(foreign) });
    this.#tracks = new Map(tracks.map((track) => [track.kind, track]));
    this.#init = init;
  }

  async #text(url: string): Promise<string> {
    return new TextDecoder().decode(await this.#bytes(url));
  }

  async #bytes(url: string): Promise<Uint8Array> {
    const response = await fetch(url, { signal: this.#signal }).catch(() => undefined);
    if (!response) throw new HlsError({ kind: 'network' });
    if (!response.ok) throw new HlsError({ kind: 'status', status: response.status });
    const body = await response.arrayBuffer().catch(() => undefined);
    if (!body) throw new HlsError({ kind: 'closed' });
    this.#events.bytes(body.byteLength);
    return new Uint8Array(body);
  }
}
