import { ProtocolError } from '../base/errors.ts';
import type { Mirror, Relayed } from '../hub/mirror.ts';
import type { Lineup } from '../hub/stream.ts';
import { Departure } from '../net/serve.ts';
import type { IncomingRecord } from './link/hand-over.ts';
import { type Announcement, lineupOf } from './messages.ts';
import { RecordReader } from './wire/record.ts';

/** So much may come by UDP before all is there that comes before it, in bytes. */
const MOST_EARLY = 32 * 1024 * 1024;

/** Puts together what comes behind the announcement and what comes by UDP, which begins where the former ends. */
export class Intake {
  readonly #mirror: Mirror;
  readonly #lineup: Lineup;
  readonly #onIngest: (ingest: number) => void;
  readonly #reader = new RecordReader();
  /** How many records still come behind the announcement before those by UDP have their turn; undefined where all come that way. */
  #expected: number | undefined;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;

  /** `onIngest` is told when each frame came in at the owner, as it comes here. */
  constructor(mirror: Mirror, announcement: Announcement, onIngest: (ingest: number) => void) {
    this.#mirror = mirror;
    this.#onIngest = onIngest;
    this.#lineup = lineupOf(announcement);
    this.#expected = announcement.media?.records;
  }

  /** Takes a record that came reliably. Throws {@link ProtocolError}. */
  take(body: Uint8Array): void {
    // What comes by UDP has overtaken it.
    if (this.#expected === 0) return;
    const record = this.#reader.read(body);
    if (!record) throw new ProtocolError('a frame of a track that was not announced');
    this.#write(record);
    if (this.#expected !== undefined && --this.#expected === 0) this.#release();
  }

  /** Takes a record that came by UDP, which may have lost some before it. Throws {@link ProtocolError}. */
  takeLater({ bytes, startable }: Pick<IncomingRecord, 'bytes' | 'startable'>): void {
    // Nobody has to wait for a beginning any longer when it is time for the next one.
    if (startable) [this.#expected, this.#early] = [0, []];
    if (this.#expected !== 0) return this.#keep(bytes);
    const record = this.#reader.read(bytes);
    // Else its configuration was lost: the next key frame brings it again.
    if (record) this.#write(record);
  }

  #release(): void {
    for (const bytes of this.#early.splice(0)) this.takeLater({ bytes, startable: false });
  }

  #keep(body: Uint8Array): void {
    this.#earlyBytes += body.length;
    if (this.#earlyBytes > MOST_EARLY) throw new Departure('the beginning of a stream does not come through');
    this.#early.push(body);
  }

  #write(record: Relayed): void {
    const { track, ingest } = record;
    this.#onIngest(ingest);
    if (this.#lineup[track.kind] !== track.codec) throw new ProtocolError('a frame of a track that was not announced');
    this.#mirror.write(record);
  }
}
