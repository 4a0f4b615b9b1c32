import { z } from 'zod';
import { EVENTS, type EventName } from '../config/callback-events.ts';
import {
  duration,
  flag,
  integer,
  list,
  option,
  section,
  streamPattern,
  text,
  type Value,
  value,
  WRONG,
} from '../config/values.ts';

const LONGEST_URL = 2048;

/** A URL that is called; it may hold a password, or a token. */
function url(): Value<string> {
  const allowed = `a URL such as http://10.0.0.7:8085/api/v1/streams or https://…, of at most ${LONGEST_URL} characters`;
  return value(allowed, (raw) => (isUrl(raw) ? raw : WRONG)).meta({ secret: true });
}

/** The same, or nothing. */
function urlOrNone(): Value<string> {
  return value('a URL such as http://10.0.0.7:8085/api/v1/servers or https://…, or empty', (raw) =>
    raw === '' || isUrl(raw) ? raw : WRONG,
  ).meta({ secret: true });
}

function isUrl(raw: unknown): raw is string {
  return typeof raw === 'string' && raw.length <= LONGEST_URL && /^https?:\/\/[^\s#]+$/i.test(raw) && URL.canParse(raw);
}

const WHEN: Record<EventName, string> = {
  on_connect: 'An RTMP client connects: it is asked.',
  on_close: 'One that had connected is gone.',
  on_publish: 'Somebody wants to publish: it is asked.',
  on_unpublish: 'Somebody publishes no more.',
  on_play: 'Somebody wants to play: it is asked.',
  on_stop: 'Somebody plays no more.',
  on_dvr: 'A recording is finished.',
  on_hls: 'A segment of HLS was written, as hls.disk.folder has it.',
  on_hls_notify: 'The same, by GET; [server_id] [service_id] [app] [stream] [ts_url] [param] stand for what they say.',
};

const urls = Object.fromEntries(EVENTS.map((event) => [event, option(list(url()), [], WHEN[event])])) as Record<
  EventName,
  z.ZodPrefault<Value<string[]>>
>;

const rule = z.strictObject({
  streams: option(list(streamPattern()), ['**'], 'For which streams, such as [live/*]; * is any name, ** any path.'),
  ...urls,
});

/** Which URLs are called for which streams. */
export type CallbackRule = z.output<typeof rule>;

/** The section `callbacks` of the configuration. */
export const callbacksOptions = section('Programs of yours that are asked and told by HTTP: see docs/callbacks.md.', {
  rules: option(
    list(rule),
    [],
    'Who is called, as [{streams: [live/*], on_publish: ["http://host/path"], on_unpublish: […], …}]; of several rules that fit all are.',
  ),
  timeout: option(
    duration('100ms', '10s'),
    '3s',
    'How long all URLs of a question together, or each that is told something, may take to answer.',
  ),
  retry: option(duration('0s', '1h'), '5m', 'How long what could not be told is tried again; 0 for not at all.'),
  queue: option(
    integer(1, 100_000),
    1000,
    'How much may wait to be told to each server; what is more is dropped, and counted.',
  ),
});

/** {@link callbacksOptions} as the program reads them. */
export type CallbacksOptions = z.output<typeof callbacksOptions>;

/** The section `heartbeat` of the configuration. */
export const heartbeatOptions = section('Tells a program of yours, again and again, that this server lives.', {
  url: option(urlOrNone(), '', 'What is called by POST; empty for nobody.'),
  interval: option(duration('100ms', '1d'), '10s', 'How often.'),
  device: option(text(), '', 'What this server is called there.'),
  summaries: option(flag(), false, 'Whether what the server and its machine use is told, as /api/v1/summaries does.'),
  ports: option(flag(), false, 'Whether the ports on which it listens are told.'),
});

/** {@link heartbeatOptions} as the program reads them. */
export type HeartbeatOptions = z.output<typeof heartbeatOptions>;
