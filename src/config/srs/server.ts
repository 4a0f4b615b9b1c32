import type { Translation } from '../translation.ts';
import { heartbeat } from './hooks.ts';
import { httpRules, listenTls } from './http.ts';
import {
  address,
  block,
  feature,
  first,
  missing,
  nothing,
  quantity,
  type Rule,
  type Rules,
  set,
  warn,
  without,
} from './rules.ts';
import type { Directive } from './syntax.ts';

const PROCESS = 'the server stays in the foreground, where systemd or a container looks after it';
const STOP = 'at SIGTERM or SIGINT the server tells every peer why, and ends within seconds';
const OPTIONS = 'options are read at the start alone';
const FFMPEG = 'nothing is transcoded';
const BREAKER =
  'under load frames are gathered for longer (fanout.burstMax), and nobody new comes in above limits.memory';

const listen: Rule = (place) => {
  const [, ...more] = place.directive.args;
  set(place, 'rtmp.listen', address(place));
  if (more.length > 0) warn(place, `RTMP listens on one address, and so not on ${more.join(' ')}`);
};

const chunkSize = without('chunks of 60000 bytes are sent', '60000');

const rtmps = feature({ listen: nothing, key: nothing, cert: nothing }, ({ directive, to }) =>
  listenTls(directive, 'rtmp.listenTls', '1443', to),
);

/** How SRS calls how much is logged: `trace` is what it says when all is well. */
const LEVELS = { verbose: 'debug', info: 'debug', trace: 'info', warn: 'warn', error: 'error', off: 'silent' };
/** The same in the words of log4j. */
const LEVELS_V2 = { ...LEVELS, trace: 'debug', debug: 'debug', info: 'info' };

function logLevel(levels: Readonly<Record<string, string>>): Rule {
  return (place) => {
    const found = Object.hasOwn(levels, first(place)) ? levels[first(place)] : undefined;
    if (found) set(place, 'log.level', found);
    else warn(place, 'this level is not known');
  };
}

/** SRS logs to a file unless it is told otherwise; here a file must at least be spoken of. */
export function placeLog(root: readonly Directive[], to: Translation): void {
  const [tank, file] = ['srs_log_tank', 'srs_log_file'].map((name) => root.find((each) => each.name === name));
  const asked = tank ?? file;
  if (asked && tank?.args[0] !== 'console') to.set('log.file', file?.args[0] ?? './objs/srs.log', asked.where);
}

const LABELS = 'labels belong into the configuration of Prometheus';
const exporter = feature(
  { listen: without('metrics are at /metrics of HTTP'), label: without(LABELS), tag: without(LABELS) },
  (place) => set(place, 'metrics.access', 'open'),
);

/** What stands outside of virtual hosts. */
export const serverRules: Rules = {
  ...httpRules,
  http_stream: httpRules['http_server']!,
  listen,
  chunk_size: chunkSize,
  rtmp: block({ listen, chunk_size: chunkSize }),
  rtmps,
  max_connections: quantity('limits.connections', { unit: '', least: 1, most: 1_000_000 }),
  srs_log_tank: nothing,
  srs_log_file: nothing,
  srs_log_level: logLevel(LEVELS),
  srs_log_level_v2: logLevel(LEVELS_V2),
  utc_time: without('the log has UTC in any case, and names of recordings have the time of the machine', 'off'),
  exporter,
  daemon: without(PROCESS, 'off'),
  pid: without('no file with the id of the process is written'),
  asprocess: without('the server does not end with the process that began it', 'off'),
  disable_daemon_for_docker: without(PROCESS, 'on', 'off'),
  in_docker: nothing,
  work_dir: without('file names begin at the folder in which the server is started', './'),
  grace_start_wait: without(STOP),
  grace_final_wait: without(STOP),
  force_grace_quit: without(STOP, 'off'),
  auto_reload_for_docker: without(OPTIONS, 'off'),
  inotify_auto_reload: without(OPTIONS, 'off'),
  ff_log_dir: without(FFMPEG),
  ff_log_level: without(FFMPEG),
  pithy_print_ms: without(
    'a session has a line at its beginning and one at its end; what is between is in the metrics',
  ),
  empty_ip_ok: without('a connection that says nothing is told at the level debug', 'on'),
  server_id: without('the id is made of the name of the machine'),
  query_latest_version: without('nobody is asked for newer versions', 'off'),
  tcmalloc_release_rate: without('memory is given back as Node does it'),
  threads: block({ interval: without('there are no threads to be watched') }),
  circuit_breaker: missing(BREAKER, 'byItself'),
  stats: block({
    enabled: without('the numbers of the machine are always there', 'on'),
    network: without('the API counts all network devices but the loopback'),
    disk: without('the API counts all disks'),
  }),
  heartbeat,
  rtc_server: missing('there is no WebRTC yet'),
  srt_server: missing('there is no SRT yet'),
  rtsp_server: missing('nothing is served by RTSP'),
  stream_caster: missing('streams come by RTMP, or by routes'),
};
