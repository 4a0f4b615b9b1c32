import { Decoder } from '../../src/base/decoder.ts';
import { FlvDemuxer } from '../../src/container/flv/demuxer.ts';
import { readFlv } from '../../src/container/flv/tag.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Kind, Track } from '../../src/media/track.ts';

/** Makes frames of the bytes of an FLV stream, in whatever pieces they come. */
export class FlvReader {
  readonly #decoder = new Decoder(readFlv());
  readonly #demuxer = new FlvDemuxer(() => {}); // what is no use to the server's viewers is none here
  #kinds: ReadonlySet<Kind> | undefined;

  /** The kinds of tracks that the stream announces; undefined as long as it has not. */
  get kinds(): ReadonlySet<Kind> | undefined {
    return this.#kinds;
  }

  /** The tracks that have been described. */
  get tracks(): readonly Track[] {
    return this.#demuxer.tracks;
  }

  /** The frames that are complete with these bytes. Throws `ProtocolError` where they are no FLV. */
  push(bytes: Uint8Array): Sample[] {
    this.#decoder.push(bytes);
    const samples: Sample[] = [];
    for (let tag = this.#decoder.next(); tag; tag = this.#decoder.next()) {
      const { type, timestamp, body } = tag;
      if (type === 'script') this.#kinds = this.#demuxer.script(body)?.kinds ?? this.#kinds;
      else {
        const sample = type === 'video' ? this.#demuxer.video(timestamp, body) : this.#demuxer.audio(timestamp, body);
        if (sample) samples.push(sample);
      }
    }
    return samples;
  }
}
