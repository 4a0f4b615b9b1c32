import type { EventName } from '../config/callback-events.ts';
import { parsePath, type StreamPath } from '../hub/path.ts';
import { type Identity, streamId } from '../net/identity.ts';
import { streamUrl } from '../net/stream-url.ts';

/** Whom an event is about. */
export interface Client {
  /** The id of the session. */
  readonly id: string;
  readonly ip: string;
  readonly vhost: string;
  readonly app: string;
  /** Of one who only connects it is not known. */
  readonly path: StreamPath | undefined;
  readonly tcUrl: string;
  /** The parameters as they came, with the `?` before them; empty without any. */
  readonly param: string;
  readonly pageUrl: string;
}

/** The JSON that tells of an event: the fields of SRS, and `more` of those that are of this event alone. */
export function bodyOf(
  { server, service }: Identity,
  event: EventName,
  client: Client,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const { id, ip, vhost, app } = client;
  const common = { server_id: server, service_id: service, action: event, client_id: id, ip, vhost, app };
  return JSON.stringify({ ...common, ...aboutStream(event, client), ...more });
}

function aboutStream(event: EventName, { path, tcUrl, param, pageUrl }: Client): Readonly<Record<string, unknown>> {
  if (event === 'on_close') return {};
  if (path === undefined) return { tcUrl, stream: '', param, pageUrl };
  const stream = { tcUrl, stream: parsePath(path).name, param };
  const page = event === 'on_play' ? { pageUrl } : {};
  return { ...stream, ...page, stream_url: streamUrl(path), stream_id: streamId(path) };
}

/** The URL to be called for `on_hls_notify`, with what its variables stand for; `segment` is that of the segment. */
export function notifyUrl(template: string, { server, service }: Identity, client: Client, segment: string): string {
  const { app, path, param } = client;
  const values: Readonly<Record<string, string>> = {
    server_id: server,
    service_id: service,
    app,
    stream: path === undefined ? '' : parsePath(path).name,
    ts_url: segment,
    param,
  };
  return template.replaceAll(/\[(server_id|service_id|app|stream|ts_url|param)\]/g, (_, name: string) => values[name]!);
}
