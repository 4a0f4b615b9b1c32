import { cluster, clusterRules, placeCluster } from './cluster.ts';
import { dvr } from './dvr.ts';
import { hooks, placeSegments } from './hooks.ts';
import { forward, ingest } from './routes.ts';
import {
  always,
  block,
  find,
  missing,
  nothing,
  number,
  type Place,
  quantity,
  type Rule,
  type Rules,
  set,
  warn,
  without,
} from './rules.ts';
import { security } from './security.ts';

const PLACED = 'the times of a stream never run back, whatever its encoder does';
const MEMORY = 'segments are kept in memory, and no files are written';
const NAMES = 'what a playlist names is named by the server';
const GATHERED = 'what publishers send is read in bursts as the load demands';

const play: Rules = {
  gop_cache: without('a viewer begins with the newest key frame', 'on'),
  gop_cache_max_frames: without('window.bytes is the most that a stream keeps'),
  queue_length: quantity('play.maxLag', { unit: 's', least: 1, most: 600 }),
  mw_latency: quantity('fanout.burstMax', { unit: 'ms', least: 0, most: 10_000 }),
  mw_msgs: without('frames are gathered by time (fanout.burstMin, fanout.burstMax) and not by number'),
  send_min_interval: quantity('fanout.burstMin', { unit: 'ms', least: 0, most: 10_000 }),
  time_jitter: without(PLACED, 'full'),
  mix_correct: without('sound and picture are sent in the order in which they come', 'off'),
  atc: without(PLACED, 'off'),
  atc_auto: without(PLACED, 'off'),
  reduce_sequence_header: without('headers are sent when they change', 'off'),
};

const LONGEST_WAIT = 365 * 86_400_000;
const firstPacket = quantity('publish.firstFrameTimeout', { unit: 'ms', least: 1000, most: LONGEST_WAIT });
const silence = quantity('publish.idleTimeout', { unit: 'ms', least: 1000, most: LONGEST_WAIT });

const publish: Rules = {
  firstpkt_timeout: firstPacket,
  normal_timeout: silence,
  mr: without(GATHERED, 'off'),
  mr_latency: without(GATHERED),
  parse_sps: without('it is always done', 'on'),
  try_annexb_first: without('what a key frame is laid out like is seen by itself', 'on'),
  kickoff_for_idle: without('a publisher stays, whether or not somebody watches', '0'),
};

const hls = always(
  'HLS is made for whoever asks for it',
  {
    hls_fragment: quantity('hls.segment', { unit: 's', least: 1, most: 30 }),
    hls_window: nothing,
    hls_path: nothing,
    hls_m3u8_file: without('playlists are at /app/name.m3u8', '[app]/[stream].m3u8'),
    hls_ts_file: without(NAMES),
    hls_fmp4_file: without(NAMES),
    hls_init_file: without(NAMES),
    hls_use_fmp4: without('a viewer that wants the other container says so: see docs/play.md'),
    hls_entry_prefix: without('playlists name segments relative to themselves'),
    hls_master_m3u8_path_relative: without('playlists name segments relative to themselves', 'on'),
    hls_td_ratio: without('a segment ends with the first key frame after hls.segment'),
    hls_aof_ratio: without('a segment without a key frame goes on until there is one'),
    hls_acodec: without('codecs are those of the stream', 'aac', 'an'),
    hls_vcodec: without('codecs are those of the stream', 'h264', 'vn'),
    hls_on_error: without('a fault of HLS harms nobody else', 'continue', 'ignore'),
    hls_cleanup: without(MEMORY, 'on'),
    hls_dispose: without('segments are made until hls.idle after the last viewer has left'),
    hls_wait_keyframe: without('a segment begins with a key frame', 'on'),
    hls_ts_floor: without('segments are cut at key frames, and the same on all nodes', 'off'),
    hls_nb_notify: nothing,
    hls_dts_directly: without('times are those of the stream', 'on'),
    hls_ctx: without('every viewer is known by a token in its playlist', 'on'),
    hls_ts_ctx: without('every viewer is known by a token in its playlist', 'on'),
    hls_keys: without('segments are not encrypted', 'off'),
    hls_fragments_per_key: nothing,
    hls_key_file: nothing,
    hls_key_file_path: nothing,
    hls_key_url: nothing,
  },
  hlsWindow,
);

/** Seconds become a number of segments. */
function hlsWindow({ directive, ...around }: Place): void {
  const window = find(directive, 'hls_window');
  if (!window) return;
  const fragment = find(directive, 'hls_fragment');
  const at = { ...around, directive: window, key: `${around.key}.hls_window` };
  const seconds = fragment ? number({ ...at, directive: fragment }) : 10;
  const count = Math.ceil(number(at) / Math.max(seconds, 1));
  const chosen = Math.min(Math.max(count, 3), 1000);
  set(at, 'hls.window', chosen);
  if (chosen !== count) warn(at, `a playlist has 3 to 1000 segments: it has ${chosen}`);
}

const remux = always('HTTP-FLV is served to whoever asks for it', {
  mount: (place) => {
    const [, extension = ''] = /\[stream\]\.(\w+)$/.exec(place.directive.args[0] ?? '') ?? [];
    if (!/^(?:\[vhost\])?\/\[app\]\/\[stream\]\.flv$/.test(place.directive.args[0] ?? ''))
      warn(place, `streams are at /app/name.flv${extension === 'flv' ? '' : ', and as HLS at /app/name.m3u8'}`);
  },
  fast_cache: without('a viewer begins with the newest key frame, or with what is there of sound', '0'),
  drop_if_not_match: without('what a container cannot carry is left out', 'on'),
  has_audio: without('a viewer that wants pictures alone says so by ?only=video', 'on'),
  has_video: without('a viewer that wants sound alone says so by ?only=audio', 'on'),
  guess_has_av: without('the tracks of a stream are known before it is played', 'on'),
});

const lowLatency = without('frames go out at once while there are few viewers: see fanout', 'off');

/** What stands within a virtual host; names that SRS has given up stand beside their successors. */
const vhostRules: Rules = {
  enabled: without('no virtual host can be switched off', 'on'),
  play: block(play),
  ...play,
  publish: block(publish),
  publish_1stpkt_timeout: firstPacket,
  publish_normal_timeout: silence,
  mr: missing(GATHERED),
  min_latency: lowLatency,
  tcp_nodelay: without('nothing is held back by TCP', 'on'),
  chunk_size: without('chunks of 60000 bytes are sent', '60000'),
  in_ack_size: without('what is received is acknowledged as the peer wants it, or every 1250000 bytes', '0'),
  out_ack_size: without('a peer is asked to acknowledge every 2500000 bytes', '2500000'),
  hls,
  http_remux: remux,
  dvr,
  forward,
  ingest,
  cluster,
  ...clusterRules,
  http_hooks: hooks,
  security,
  http_static: missing('no files are served'),
  http: missing('no files are served'),
  refer: missing('nobody is asked from which page it comes'),
  transcode: missing('nothing is transcoded'),
  exec: missing('no programs are started'),
  dash: missing('there is no DASH'),
  hds: missing('there is no HDS'),
  bandcheck: missing('bandwidth is not measured'),
  rtc: missing('there is no WebRTC yet'),
  srt: missing('there is no SRT yet'),
  rtsp: missing('nothing is served by RTSP'),
};

/** A virtual host; old files have here what belongs to `cluster`. */
export const vhost: Rule = block(vhostRules, (place) => {
  placeCluster(place);
  placeSegments(place);
});
