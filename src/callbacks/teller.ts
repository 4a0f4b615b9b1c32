import { join } from 'node:path';
import { SECOND } from '../base/clock.ts';
import type { HubEvent, RecordingEvent, SegmentEvent } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Stream } from '../hub/stream.ts';
import type { Identity } from '../net/identity.ts';
import type { Siblings } from '../net/siblings.ts';
import { bodyOf, type Client, notifyUrl } from './body.ts';
import { publisherOf } from './client.ts';
import type { Doorkeeper, KnownPublisher } from './doorkeeper.ts';
import type { Outbox } from './outbox.ts';
import type { Rules } from './rules.ts';

/** What a {@link Teller} is made with. */
export interface TellerGround {
  readonly rules: Rules;
  readonly identity: Identity;
  readonly outbox: Outbox;
  readonly door: Pick<Doorkeeper, 'publisherOf'>;
  readonly siblings: Pick<Siblings, 'ask' | 'answer' | 'count'>;
}

type Recorded = RecordingEvent & { readonly type: 'recorded' };

/** What workers ask each other. */
const PUBLISHER = 'callbacks publisher';

/** Tells of recordings and segments that are there. */
export class Teller {
  readonly #ground: TellerGround;
  /** How many are about to be posted. */
  #composing = 0;

  constructor(ground: TellerGround) {
    const { siblings, door } = ground;
    this.#ground = ground;
    siblings.answer(PUBLISHER, (path) => (typeof path === 'string' ? door.publisherOf(path) : undefined));
  }

  /** Whether nothing is about to be told. */
  get isIdle(): boolean {
    return this.#composing === 0;
  }

  observe(event: HubEvent): void {
    if (event.type === 'recorded') void this.#tellRecording(event);
    else if (event.type === 'segment') this.#tellSegment(event);
  }

  /** Of several workers one records, and another one may have the publisher. */
  async #tellRecording({ stream, file }: Recorded): Promise<void> {
    const { rules, identity, outbox } = this.#ground;
    const urls = rules.urls('on_dvr', stream.path);
    if (urls.length === 0) return;
    this.#composing++;
    const client = await this.#publisher(stream).finally(() => this.#composing--);
    const json = bodyOf(identity, 'on_dvr', client, { cwd: process.cwd(), file });
    for (const url of urls) outbox.post({ event: 'on_dvr', lane: stream.path, url, json });
  }

  async #publisher(stream: Stream): Promise<Client> {
    const { door, siblings } = this.#ground;
    const others = siblings.count > 1 ? (await siblings.ask(PUBLISHER, stream.path)).filter(isKnown) : [];
    const known = [door.publisherOf(stream.path), ...others].filter((each) => each !== undefined);
    return bringerOf(stream, known);
  }

  /** It is written by the worker, and the node, to which the stream is published. */
  #tellSegment(event: SegmentEvent): void {
    const { rules, identity, outbox, door } = this.#ground;
    const { stream, number, duration, folder, file, playlist } = event;
    const lane: StreamPath = stream.path;
    const known = door.publisherOf(lane);
    const client = bringerOf(stream, known ? [known] : []);
    const more = {
      duration: duration / SECOND,
      cwd: process.cwd(),
      file: join(folder, file),
      url: file,
      m3u8: join(folder, playlist),
      m3u8_url: playlist,
      seq_no: number,
    };
    for (const url of rules.urls('on_hls', lane))
      outbox.post({ event: 'on_hls', lane, url, json: bodyOf(identity, 'on_hls', client, more) });
    for (const template of rules.urls('on_hls_notify', lane)) {
      const url = notifyUrl(template, identity, client, file);
      outbox.post({ event: 'on_hls_notify', lane, url, json: undefined });
    }
  }
}

/**
 * Who of those that were let in brings a stream, or brought it last: one let in after him may stand by, or have found it taken. Where
 * another worker has it, and it is not known yet whom, it is the newest.
 */
function bringerOf(stream: Stream, known: readonly KnownPublisher[]): Client {
  const bringer = known.find(({ client }) => client.id === stream.trace);
  if (bringer) return bringer.client;
  const isElsewhere = stream.feeder === undefined || stream.feeder.isInner;
  const [newest] = isElsewhere ? known.toSorted((a, b) => b.since - a.since) : [];
  return newest?.client ?? publisherOf(stream);
}

/** Whether what another worker told is a publisher. */
function isKnown(told: unknown): told is KnownPublisher {
  return typeof told === 'object' && told !== null && 'client' in told && 'since' in told;
}
