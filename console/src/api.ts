/** The server said no, or did not answer (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Session {
  readonly admin: boolean;
  readonly version: string;
}

interface Rates {
  readonly recv_30s: number;
  readonly send_30s: number;
}

/** A live stream, in SRS's shape. */
export interface LiveStream {
  readonly id: string;
  readonly name: string;
  readonly vhost: string;
  readonly app: string;
  readonly tcUrl: string;
  /** Unix milliseconds at which it began. */
  readonly live_ms: number;
  /** Everybody connected, the publisher included. */
  readonly clients: number;
  readonly kbps: Rates;
  readonly publish: { readonly active: boolean; readonly cid: string };
  readonly video: { codec: string; profile: string; level: string; width: number; height: number } | null;
  readonly audio: { codec: string; profile: string; sample_rate: number; channel: number } | null;
}

/** A connected peer, in SRS's shape. */
export interface Client {
  readonly id: string;
  /** The `id` of its stream. */
  readonly stream: string;
  readonly ip: string;
  readonly type: string;
  readonly publish: boolean;
  /** Seconds since it came. */
  readonly alive: number;
  readonly send_bytes: number;
  readonly recv_bytes: number;
  readonly kbps: Rates;
  readonly pageUrl: string;
  /** The name of its stream, and its path: `/live/movie`. */
  readonly name: string;
  readonly url: string;
}

/** A recording; times are Unix milliseconds. */
export interface Recording {
  readonly id: string;
  /** Such as `live/movie`, with the vhost before it where that is not the default one. */
  readonly stream: string;
  readonly app: string;
  readonly name: string;
  readonly format: 'fmp4' | 'flv' | 'ts';
  readonly finished: boolean;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly missing_frames: number;
  /** Where it is downloaded. */
  readonly url: string;
  /** Where HLS plays it from; empty where the format cannot be played by parts. */
  readonly playlist: string;
}

/** How far back a running stream can be watched, and the present moment by the server's clock; Unix milliseconds. */
export interface Shift {
  readonly from: number;
  readonly to: number;
}

/** What the server uses of its machine: `cpu_percent` is in cores (1 is all of one), of which it can use `cores`; `mem_kbyte` in KiB. */
export interface Summary {
  readonly cpu_percent: number;
  readonly cores: number;
  readonly mem_kbyte: number;
}

/** The most entries asked for in one list. */
export const listLimit = 500;

/** Who the visitor is to the server. */
export function getSession(): Promise<Session> {
  return call<Session>('GET', '/session');
}

/** Becomes admin by a cookie; an {@link ApiError} of status 403 where the token is wrong. */
export async function logIn(token: string): Promise<void> {
  await call('POST', '/session', { token });
}

export async function logOut(): Promise<void> {
  await call('DELETE', '/session');
}

export async function listStreams(): Promise<LiveStream[]> {
  return (await call<{ streams: LiveStream[] }>('GET', `/streams?start=0&count=${listLimit}`)).streams;
}

export async function getSummary(): Promise<Summary> {
  return (await call<{ data: { self: Summary } }>('GET', '/summaries')).data.self;
}

/** The newest recordings, of one stream (as a recording names it) or of all; `query` is what lets the visitor in. */
export async function listRecordings(stream = '', query = ''): Promise<{ recordings: Recording[]; total: number }> {
  const parameters = new URLSearchParams(query);
  if (stream) parameters.set('stream', stream);
  parameters.set('order', 'newest');
  parameters.set('count', String(listLimit));
  return call<{ recordings: Recording[]; total: number }>('GET', `/recordings?${parameters}`);
}

/** One recording; `query` as for {@link listRecordings}. */
export async function getRecording(id: string, query = ''): Promise<Recording> {
  return (await call<{ recording: Recording }>('GET', `/recordings/${encodeURIComponent(id)}${query}`)).recording;
}

/** How far back a stream can be watched; `query` as for {@link listRecordings}. */
export async function getShift(stream: string, query = ''): Promise<Shift> {
  const parameters = new URLSearchParams(query);
  parameters.set('stream', stream);
  return call<Shift>('GET', `/shift?${parameters}`);
}

/** Closes a peer's connection. */
export async function kick(clientId: string): Promise<void> {
  await call('DELETE', `/clients/${encodeURIComponent(clientId)}`);
}

/** Asks the API below `/api/v1`; rejects with {@link ApiError}. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const request: RequestInit = { method, signal: AbortSignal.timeout(10_000) };
  if (body !== undefined)
    Object.assign(request, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const response = await fetch(`/api/v1${path}`, request).catch((error: unknown) => {
    throw new ApiError(0, String(error));
  });
  const answer = (await response.json().catch(() => ({}))) as { code?: number; error?: string };
  if (response.ok && answer.code === 0) return answer as T;
  throw new ApiError(
    response.status,
    answer.error ?? `${response.status} ${response.statusText} (${answer.code ?? 'no code'})`,
  );
}
