/** A publisher or player as `/stat/livestat` shows it. */
export interface LiveStat {
  /** `app/name`. */
  readonly key: string;
  readonly url: string;
  /** The wall clock at media time 0, in milliseconds since 1970; 0 until it is known, and for players. */
  readonly start_time: number;
  /** The SSRC by which the stream is sent; 0 for players. */
  readonly ssrc: number;
  readonly stream_id: number;
  readonly video_total_bytes: number;
  /** In kilobits per second, like its brother. */
  readonly video_speed: number;
  readonly audio_total_bytes: number;
  readonly audio_speed: number;
}

/** The body of every answer of the original nodes' HTTP APIs. */
export interface LegacyAnswer {
  readonly status: number;
  readonly data: unknown;
}

/** The data of `/stat/livestat`; an empty list is `null`, as Go writes it. */
export function livestat(publishers: readonly LiveStat[], players: readonly LiveStat[]): object {
  return { publishers: orNull(publishers), players: orNull(players) };
}

function orNull(list: readonly LiveStat[]): readonly LiveStat[] | null {
  return list.length > 0 ? list : null;
}

/** What an edge needs of a publisher. */
export interface LegacyStream {
  readonly key: string;
  readonly ssrc: number;
  readonly startTime: number;
}

const MOST_STREAMS = 10_000;

/** The streams in an answer to `/stat/livestat`; undefined when it is none. What is malformed in it is left out. */
export function readLivestat(json: unknown): LegacyStream[] | undefined {
  const data = member(json, 'data');
  if (typeof data !== 'object' || data === null || member(json, 'status') !== 200) return undefined;
  const publishers = member(data, 'publishers') ?? [];
  if (!Array.isArray(publishers)) return undefined;
  return publishers.slice(0, MOST_STREAMS).flatMap(streamOf);
}

function streamOf(publisher: unknown): LegacyStream[] {
  const [key, ssrc, startTime] = ['key', 'ssrc', 'start_time'].map((name) => member(publisher, name));
  if (typeof key !== 'string' || !isWhole(ssrc) || ssrc === 0) return [];
  return [{ key, ssrc, startTime: isWhole(startTime) ? startTime : 0 }];
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
