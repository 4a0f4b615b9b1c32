import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigText } from './text.ts';
import { Translation } from './translation.ts';

/** What becomes of one key: options that it sets, or a sentence to be told. */
type Rule = (value: unknown, file: Original) => Effect;
type Effect = { readonly set?: Readonly<Record<string, unknown>>; readonly warn?: string };

/** The file as it is read, with the original's defaults, and the folder that its file names start from. */
interface Original {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly folder: string;
}

interface Dialect {
  readonly name: string;
  /** One of these tells that it is such a file. */
  readonly signs: readonly string[];
  /** What the original assumes, as far as it differs from what we do. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly rules: Readonly<Record<string, Rule>>;
  readonly warnings: readonly string[];
}

const to =
  (...paths: readonly string[]): Rule =>
  (value) => ({ set: Object.fromEntries(paths.map((path) => [path, value])) });
/** A key that means nothing here; told unless it has the value that asks for nothing. */
const without =
  (why: string, ...harmless: readonly unknown[]): Rule =>
  (value) =>
    harmless.includes(value) ? {} : { warn: why };
const seconds =
  (path: string): Rule =>
  (value) => ({ set: { [path]: `${String(value)}s` } });
const port =
  (path: string): Rule =>
  (value) => ({ set: { [path]: Number(/:(\d+)$/.exec(String(value))?.[1] ?? Number.NaN) } });
const logLevel: Rule = (value) => (value === '' ? {} : { set: { 'log.level': value === 'trace' ? 'debug' : value } });
const logFile =
  (name: string): Rule =>
  (value) =>
    value === true ? { set: { 'log.file': name } } : {};

const RECORD = 'streams are not recorded';
const COMMON: Readonly<Record<string, Rule>> = {
  log_level: logLevel,
  enable_record: without(RECORD, false),
  hls_addr: without('HLS is not served there', '', ':7002'),
};

const NO_KEY =
  'publishers from elsewhere need the key access.publishKey, which the original did not ask for; see docs/publish.md';
const FOR_CLOUD_BESIDE =
  'RTMP and the console are off, so that a cloud node can run beside; HEADWATER_HTTP_LISTEN=:8080 turns the console on';

/** The `config.yaml` of the cloud node, and what livego under it reads. */
const CLOUD: Dialect = {
  name: 'the original cloud node',
  signs: ['client_addr_list', 'rtp_cache_size', 'rtp_port', 'rtmp_addr', 'enable_sr', 'sr_api'],
  defaults: { client_addr_list: ['239.0.0.1:5222'], quic_addr: ':4242', api_addr: ':8090', rtmp_addr: ':1935' },
  warnings: [NO_KEY],
  rules: {
    ...COMMON,
    client_addr_list: (value, { keys }) =>
      to('legacy.cloud.destinations')(keys['debug'] === true ? [] : value, { keys, folder: '' }),
    debug: without('nothing is sent to edges', false),
    rtp_cache_size: to('legacy.cloud.cachePackets'),
    quic_addr: to('legacy.cloud.repairListen'),
    api_addr: to('legacy.cloud.apiListen'),
    rtmp_addr: (value, { keys }) =>
      to(keys['enable_rtmps'] === true ? 'rtmp.listenTls' : 'rtmp.listen')(value, { keys, folder: '' }),
    rtp_port: without('packets leave from any port, as they did in the original', 5220),
    enable_log_file: logFile('server.log'),
    enable_sr: without('pictures are not enhanced', false),
    sr_api: () => ({}),
    enable_rtmps: (value) => (value === true ? { set: { 'rtmp.listen': 'off' } } : {}),
    rtmps_cert: (cert, { keys }) =>
      keys['enable_rtmps'] === true ? { set: { 'tls.certificates': [{ cert, key: keys['rtmps_key'] }] } } : {},
    rtmps_key: () => ({}),
    read_timeout: seconds('publish.idleTimeout'),
    write_timeout: seconds('play.stallTimeout'),
    gop_num: without('a viewer begins at the newest key frame', 1),
    flv_archive: without(RECORD, false),
    flv_dir: () => ({}),
    httpflv_addr: to('http.listen'),
    server: without('every app may be published to'),
    rtmp_noauth: without('publishers from elsewhere need the key access.publishKey'),
    level: logLevel,
  },
};

/** The `conf.yaml` of the edge node. */
const EDGE: Dialect = {
  name: 'the original edge node',
  signs: ['udp_addr', 'flv_addr', 'cloud_host', 'padding_size', 'disable_quic', 'chan_size', 'pack_loss', 'protect'],
  defaults: {
    udp_addr: '239.0.0.1:5222',
    flv_addr: ':7001',
    api_addr: ':8090',
    quic_addr: ':4242',
    cert_file: 'certs/server.crt',
    key_file: 'certs/server.key',
  },
  warnings: [FOR_CLOUD_BESIDE],
  rules: {
    ...COMMON,
    udp_addr: (listen) => ({ set: { 'legacy.edge.listen': listen, 'rtmp.listen': 'off', 'http.listen': 'off' } }),
    flv_addr: (listen, file) => {
      const tls = certificateOf(file);
      if (!tls) return { set: { 'legacy.edge.flvListen': listen } };
      return { set: { 'legacy.edge.flvListenTls': listen, 'tls.certificates': [tls] } };
    },
    cert_file: () => ({}),
    key_file: () => ({}),
    api_addr: port('legacy.edge.apiPort'),
    quic_addr: port('legacy.edge.quicPort'),
    cloud_host: to('legacy.edge.cloudHost'),
    disable_quic: (value) => ({ set: { 'legacy.edge.repair': value !== true } }),
    padding_size: without('lost packets are asked for at once and waited for as legacy.edge.latency says', 100),
    chan_size: without('viewers have no queues: they read from one log', 100),
    pack_loss: without('no packets are dropped on purpose', 0),
    protect: without('every lost packet has its own deadline: legacy.edge.latency', true, false),
    init: without('announcements of the cloud are always heard', false),
    record_dir: without(RECORD, './record', 'record'),
    enable_hls: without('HLS is not served by the legacy edge', false),
    enable_log_file: logFile('main.log'),
  },
};

/** Translates the file of an original node; undefined for any other text. `folder` is where its file names start from. */
export function translateOriginal(name: string, text: string, folder: string): Translation | undefined {
  const file = new ConfigText(name, text);
  const found = file.problems.length === 0 ? file.value() : undefined;
  if (typeof found !== 'object' || found === null) return undefined;
  const dialect = [EDGE, CLOUD].find(({ signs }) => signs.some((sign) => Object.hasOwn(found, sign)));
  if (!dialect) return undefined;
  const keys: Record<string, unknown> = { ...dialect.defaults, ...found };
  const translation = new Translation(dialect.name, name);
  translation.warnings.push(...dialect.warnings);
  for (const [key, value] of Object.entries(keys)) {
    const where = Object.hasOwn(found, key) ? file.where([key]) : name;
    const rule = Object.hasOwn(dialect.rules, key) ? dialect.rules[key] : undefined;
    const { set = {}, warn } = rule ? rule(value, { keys, folder }) : { warn: 'this key is not known' };
    if (warn !== undefined) translation.warnings.push(`${where}: ${key}: ${warn}`);
    for (const [option, chosen] of Object.entries(set)) translation.set(option, chosen, where);
  }
  return translation;
}

/** As in the original HTTPS it is when both files are there. */
function certificateOf({ keys, folder }: Original): { cert: string; key: string } | undefined {
  const [cert, key] = [keys['cert_file'], keys['key_file']].map((file) => resolve(folder, String(file)));
  return existsSync(cert!) && existsSync(key!) ? { cert: cert!, key: key! } : undefined;
}
