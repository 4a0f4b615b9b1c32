import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../load.ts';
import { translateSrs } from './read.ts';

type Env = Readonly<Record<string, string>>;

/** What a file sets, and its warnings but for the one that every file has. */
function translated(text: string, env: Env = {}) {
  const translation = translateSrs('a.conf', text, { folder: '/run', env, read: () => undefined });
  const options = Object.fromEntries(translation.options.map((option) => [option, translation.get(option)]));
  const warnings = translation.warnings.filter((line) => !/^(?:publishers|http_server:) /.test(line));
  return { options, warnings, translation };
}

/** The file, with directives of the default virtual host. */
const inVhost = (text: string) => `vhost __defaultVhost__ {\n${text}\n}`;

const becomes: [text: string, options: Record<string, unknown>][] = [
  ['', {}],
  ['listen 1935;', { 'rtmp.listen': ':1935' }],
  ['listen 127.0.0.1:1936;', { 'rtmp.listen': '127.0.0.1:1936' }],
  ['listen [::1]:1936;', { 'rtmp.listen': '[::1]:1936' }],
  ['rtmp { listen 1936; }', { 'rtmp.listen': ':1936' }],
  ['max_connections 100;', { 'limits.connections': 100 }],
  ['srs_log_tank console; srs_log_file ./a.log;', {}],
  ['srs_log_tank file; srs_log_file ./a.log;', { 'log.file': './a.log' }],
  ['srs_log_file ./a.log;', { 'log.file': './a.log' }],
  ['srs_log_tank file;', { 'log.file': './objs/srs.log' }],
  ['srs_log_level trace;', { 'log.level': 'info' }],
  ['srs_log_level verbose;', { 'log.level': 'debug' }],
  ['srs_log_level_v2 debug;', { 'log.level': 'debug' }],
  ['http_server { enabled on; }', { 'http.listen': ':8080' }],
  ['http_server { enabled on; listen 80; }', { 'http.listen': ':80' }],
  ['http_server { listen 80; }', { 'http.listen': 'off' }],
  ['http_stream { enabled on; listen 80; }', { 'http.listen': ':80' }],
  ['http_api { enabled on; listen 9090; }', { 'http.listen': ':9090' }],
  ['http_api { enabled on; }', { 'http.listen': ':1985' }],
  ['http_api { enabled on; } http_server { enabled on; }', { 'http.listen': ':8080', 'http.listenApi': ':1985' }],
  ['http_api { enabled on; listen 80; } http_server { enabled on; listen 80; }', { 'http.listen': ':80' }],
  ['http_api { enabled on; } http_server { enabled off; }', { 'http.listen': 'off', 'http.listenApi': ':1985' }],
  [
    'http_server { enabled on; https { enabled on; listen 443; key a.key; cert a.crt; } }',
    { 'http.listen': ':8080', 'http.listenTls': ':443', 'tls.certificates': [{ cert: 'a.crt', key: 'a.key' }] },
  ],
  [
    'http_api { enabled on; https { enabled on; key a.key; cert a.crt; } }',
    { 'http.listen': ':1985', 'http.listenTls': ':1990', 'tls.certificates': [{ cert: 'a.crt', key: 'a.key' }] },
  ],
  [
    'http_server { enabled on; https { enabled on; } } rtmps { enabled on; key a; cert b; }',
    {
      'http.listen': ':8080',
      'http.listenTls': ':8088',
      'rtmp.listenTls': ':1443',
      'tls.certificates': [
        { cert: 'b', key: 'a' },
        { cert: './conf/server.crt', key: './conf/server.key' },
      ],
    },
  ],
  [
    'http_api { enabled on; auth { enabled on; type bearer; token secret; } }',
    { 'http.listen': ':1985', 'access.adminToken': 'secret' },
  ],
  ['exporter { enabled on; }', { 'metrics.access': 'open' }],
  [
    inVhost('play { queue_length 30; mw_latency 100; send_min_interval 10.5; }'),
    {
      'play.maxLag': '30s',
      'fanout.burstMax': '100ms',
      'fanout.burstMin': '10.5ms',
    },
  ],
  [inVhost('queue_length 30; mw_latency 100;'), { 'play.maxLag': '30s', 'fanout.burstMax': '100ms' }],
  [
    inVhost('publish { firstpkt_timeout 10000; normal_timeout 7000; }'),
    {
      'publish.firstFrameTimeout': '10000ms',
      'publish.idleTimeout': '7000ms',
    },
  ],
  [inVhost('publish_1stpkt_timeout 10000;'), { 'publish.firstFrameTimeout': '10000ms' }],
  [inVhost('hls { enabled on; hls_fragment 2; hls_window 15; }'), { 'hls.segment': '2s', 'hls.window': 8 }],
  [inVhost('hls { enabled on; hls_window 60; }'), { 'hls.window': 6 }],
  [inVhost('http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }'), {}],
  [
    inVhost('dvr { enabled on; }'),
    {
      'record.paths': ['*/*'],
      'record.split.every': '0s',
      'record.folder': './objs/nginx/html',
      'record.name': '[app]/[stream].[timestamp]',
      'record.format': 'flv',
    },
  ],
  [
    inVhost('dvr { enabled on; dvr_apply live/a; dvr_plan segment; dvr_path /data/x/[app]-[2006]/[stream].mp4; }'),
    {
      'record.paths': ['live/a'],
      'record.split.every': '30s',
      'record.folder': '/data/x',
      'record.name': '[app]-[2006]/[stream]',
      'record.format': 'fmp4',
    },
  ],
  [
    inVhost('dvr { enabled on; dvr_plan segment; dvr_duration 60; dvr_path [stream].flv; }'),
    {
      'record.paths': ['*/*'],
      'record.split.every': '60s',
      'record.folder': '.',
      'record.name': '[stream]',
      'record.format': 'flv',
    },
  ],
  ['heartbeat { enabled on; }', { 'heartbeat.url': 'http://127.0.0.1:8085/api/v1/servers' }],
  [
    'heartbeat { enabled on; interval 9.9; url http://10.0.0.7/s; device_id a-1; summaries on; ports off; }',
    {
      'heartbeat.url': 'http://10.0.0.7/s',
      'heartbeat.interval': '9.9s',
      'heartbeat.device': 'a-1',
      'heartbeat.summaries': true,
      'heartbeat.ports': false,
    },
  ],
  [
    inVhost('http_hooks { enabled on; on_play http://10.0.0.7/p http://10.0.0.8/p; on_stop http://10.0.0.7/p; }'),
    {
      'callbacks.rules': [
        {
          streams: ['__defaultVhost__/**'],
          on_play: ['http://10.0.0.7/p', 'http://10.0.0.8/p'],
          on_stop: ['http://10.0.0.7/p'],
        },
      ],
    },
  ],
  [
    'vhost A.org { http_hooks { enabled on; on_stop http://10.0.0.7/s; } }',
    { 'callbacks.rules': [{ streams: ['A.org/**', 'a.org/**'], on_stop: ['http://10.0.0.7/s'] }], vhosts: ['A.org'] },
  ],
  [
    'vhost a.org { http_hooks { enabled on; on_publish http://10.0.0.7/s; on_hls_notify http://n/[app]/[ts_url]; } }',
    {
      'callbacks.rules': [
        { streams: ['a.org/**'], on_publish: ['http://10.0.0.7/s'], on_hls_notify: ['http://n/[app]/[ts_url]'] },
      ],
      'access.publishers': 'callbacks',
      vhosts: ['a.org'],
    },
  ],
  [inVhost('http_hooks { enabled off; on_publish http://10.0.0.7/s; }'), {}],
  [
    inVhost('forward { enabled on; destination 10.0.0.1 [::1]:19350; }'),
    {
      routes: [
        { from: '*/*', to: 'rtmp://10.0.0.1/[app]/[stream]' },
        { from: '*/*', to: 'rtmp://[::1]:19350/[app]/[stream]' },
      ],
    },
  ],
  [inVhost('forward 10.0.0.1;'), { routes: [{ from: '*/*', to: 'rtmp://10.0.0.1/[app]/[stream]' }] }],
  [
    inVhost(
      'ingest a { enabled on; input { type stream; url rtmp://h/a/b; } engine { output rtmp://127.0.0.1:[port]/live/c?vhost=[vhost]; } }',
    ),
    {
      routes: [{ from: 'rtmp://h/a/b', to: 'live/c' }],
    },
  ],
  [
    inVhost(
      'ingest a { enabled on; input { url doc/x.flv; } engine { output rtmp://127.0.0.1:[port]/live?vhost=[vhost]/c; } }',
    ),
    {
      routes: [{ from: './doc/x.flv', to: 'live/c' }],
    },
  ],
  [
    inVhost('cluster { mode remote; origin 127.0.0.1:19351 10.0.0.2; }'),
    { 'relay.origins': ['rtmp://127.0.0.1:19351', 'rtmp://10.0.0.2'] },
  ],
  [inVhost('security { allow publish all; }'), {}],
  [
    inVhost('security { enabled on; allow play all; allow publish 10.0.0.0/8; deny publish 10.0.0.7; }'),
    { 'access.addresses': ['allow play all', 'allow publish 10.0.0.0/8', 'deny publish 10.0.0.7'] },
  ],
  [inVhost('security { enabled on; }'), { 'access.addresses': ['deny publish all', 'deny play all'] }],
  [
    'vhost a.org { security { enabled on; deny play 192.0.2.7; } }',
    { vhosts: ['a.org'], 'access.addresses': ['deny play 192.0.2.7 vhost=a.org'] },
  ],
  [
    'vhost __defaultVhost__ { security { enabled on; deny play all; } } vhost a.org { }',
    {
      vhosts: ['a.org'],
      'access.addresses': ['deny play all', 'allow publish all vhost=a.org', 'allow play all vhost=a.org'],
    },
  ],
  [inVhost('mode remote; origin h;'), { 'relay.origins': ['rtmp://h'] }],
  [inVhost('cluster { mode remote; origin h:8080; protocol flv; }'), { 'relay.origins': ['http://h:8080'] }],
  [
    inVhost('cluster { mode remote; origin h:8080; protocol flvs; vhost other.org; }'),
    { 'relay.origins': ['https://h:8080/[app]/[stream].flv?vhost=other.org'] },
  ],
  [inVhost('cluster { mode remote; origin h; vhost [vhost]; }'), { 'relay.origins': ['rtmp://h'] }],
  [
    inVhost('cluster { mode remote; origin h; token_traverse on; }'),
    { 'relay.traverse': true, 'relay.origins': ['rtmp://h'] },
  ],
  [
    inVhost('cluster { mode local; origin_cluster on; coworkers 127.0.0.1:9091 b:9092; }'),
    { 'cluster.coworkers': ['127.0.0.1:9091', 'b:9092'], 'cluster.redirect': 'always' },
  ],
  [inVhost('cluster { mode local; coworkers 127.0.0.1:9091; token_traverse off; }'), {}],
  [
    'vhost A.example.com { forward h; }',
    {
      vhosts: ['A.example.com'],
      routes: [{ from: 'A.example.com/*/*', to: 'rtmp://h/[app]/[stream]?vhost=A.example.com' }],
    },
  ],
];

describe('what we have, too, becomes options', () => {
  for (const [text, options] of becomes) {
    test(JSON.stringify(text), () => {
      const { options: found, warnings } = translated(text);
      assert.deepEqual(found, options);
      assert.deepEqual(
        warnings.filter((line) => !line.includes('what is published to an edge')),
        [],
      );
    });
  }
});

const told: [text: string, warning: string | RegExp][] = [
  ['listen 1 2;', 'a.conf:1: listen: RTMP listens on one address, and so not on 2'],
  ['pid a;', /^a\.conf:1: pid: /],
  ['daemon on;', /^a\.conf:1: daemon: /],
  ['chunk_size 4096;', /^a\.conf:1: chunk_size: /],
  ['srs_log_level loud;', 'a.conf:1: srs_log_level: this level is not known'],
  ['max_connections 0;', 'a.conf:1: max_connections: limits.connections takes 1 to 1000000: it is 1'],
  ['\nno_such_thing { a; }', 'a.conf:2: no_such_thing: this directive is not known'],
  ['listen 1;\nlisten 2;', 'a.conf:2: listen: it stands here a second time: the first one counts'],
  ['rtc_server { enabled on; listen 8000; }', 'a.conf:1: rtc_server: there is no WebRTC yet'],
  [
    'heartbeat { enabled on; interval 0.01; }',
    'a.conf:1: heartbeat.interval: heartbeat.interval takes 0.1s to 86400s: it is 0.1s',
  ],
  [inVhost('http_hooks { enabled on; }'), 'a.conf:2: http_hooks: no URL is given: nobody is called'],
  [
    inVhost('http_hooks { enabled on; on_play http://a/b; on_reload http://a/b; }'),
    /^a\.conf:2: http_hooks\.on_reload: this directive is not known$/,
  ],
  [
    inVhost('hls { enabled on; hls_path /d; } http_hooks { enabled on; on_hls http://a/b; }'),
    'a.conf:2: hls: the segments that on_hls tells of are files of fMP4',
  ],
  [inVhost('hls { enabled on; hls_path /d; }'), /^a\.conf:2: hls\.hls_path: segments are kept in memory/],
  ['stats { network 0; }', /^a\.conf:1: stats\.network: /],
  ['circuit_breaker { high_threshold 90; }', /^a\.conf:1: circuit_breaker: /],
  ['http_server { enabled on; dir x; }', /^a\.conf:1: http_server\.dir: /],
  [
    'http_api { enabled on; auth { enabled on; password x; } }',
    /^a\.conf:1: http_api\.auth\.password: .* for no password$/,
  ],
  [
    'http_server { enabled on; https { enabled on; } } http_api { enabled on; listen 8080; https { enabled on; } }',
    /^a\.conf:1: http_api\.https: /,
  ],
  [inVhost('play { gop_cache off; }'), /^a\.conf:2: play\.gop_cache: /],
  [inVhost('hls { enabled off; }'), 'a.conf:2: hls: HLS is made for whoever asks for it'],
  [
    inVhost('hls { enabled on; hls_fragment 60; }'),
    'a.conf:2: hls.hls_fragment: hls.segment takes 1s to 30s: it is 30s',
  ],
  [
    inVhost('hls { enabled on; hls_window 10; }'),
    'a.conf:2: hls.hls_window: a playlist has 3 to 1000 segments: it has 3',
  ],
  [
    inVhost('http_remux { enabled on; mount [vhost]/[app]/[stream].ts; }'),
    /^a\.conf:2: http_remux\.mount: streams are at/,
  ],
  [inVhost('dvr { enabled on; dvr_path /d/[nothing].flv; }'), /^a\.conf:2: dvr\.dvr_path: the names/],
  [inVhost('dvr { enabled on; dvr_path /d/[stream].ts; }'), /^a\.conf:2: dvr\.dvr_path: its end/],
  [inVhost('dvr { enabled on; dvr_plan append; }'), /^a\.conf:2: dvr\.dvr_plan: /],
  [inVhost('ingest a { enabled on; input { url x; } }'), /^a\.conf:2: ingest: it needs/],
  [inVhost('transcode live { enabled on; }'), 'a.conf:2: transcode: nothing is transcoded'],
  [
    inVhost('cluster { mode remote; origin h; protocol flv; }'),
    /^a\.conf:2: cluster\.origin: what is published to an edge of origins by HTTP stays there/,
  ],
  [inVhost('cluster { mode remote; }'), /^a\.conf:2: cluster: an edge without an origin/],
  [inVhost('cluster { origin_cluster on; }'), /^a\.conf:2: cluster: .* without coworkers/],
  [inVhost('cluster { token_traverse on; }'), /^a\.conf:2: cluster\.token_traverse: /],
  ['vhost x.org { rtc { enabled on; } }', 'a.conf:1: rtc of vhost x.org: there is no WebRTC yet'],
  ['vhost x.org { what; }', 'a.conf:1: what of vhost x.org: this directive is not known'],
];

describe('what we do not have, or have differently, is told in one line with its place', () => {
  for (const [text, warning] of told) {
    test(JSON.stringify(text), () => {
      const { warnings } = translated(text);
      assert.equal(warnings.length, 1, warnings.join('\n'));
      if (typeof warning === 'string') assert.equal(warnings[0], warning);
      else assert.match(warnings[0]!, warning);
    });
  }
});

test('publishers need no key where callbacks are asked about them, and that is not told then', () => {
  const told = (text: string) =>
    translated(text).translation.warnings.some((line) => line.startsWith('publishers from elsewhere need the key'));
  assert.ok(told(inVhost('http_hooks { enabled on; on_play http://a/b; }')));
  assert.ok(!told(inVhost('http_hooks { enabled on; on_publish http://a/b; }')));
});

test('every virtual host has callbacks of its own', () => {
  const hook = (url: string) => `{ http_hooks { enabled on; on_play ${url}; } }`;
  const { options, warnings } = translated(
    `vhost __defaultVhost__ ${hook('http://a/1')} vhost b.org ${hook('http://b/2')} vhost c.org { }`,
  );
  assert.deepEqual(options['callbacks.rules'], [
    { streams: ['__defaultVhost__/**'], on_play: ['http://a/1'] },
    { streams: ['b.org/**'], on_play: ['http://b/2'] },
  ]);
  assert.deepEqual(warnings, []);
});

describe('what asks for nothing is not told', () => {
  const texts = [
    'daemon off; in_docker on; chunk_size 60000; force_grace_quit off; empty_ip_ok on;',
    'rtc_server { enabled off; listen 8000; } srt_server { listen 1; } heartbeat { enabled off; } stats { enabled on; }',
    'stream_caster { enabled off; } stream_caster { enabled off; } circuit_breaker { enabled off; }',
    inVhost(
      'enabled on; tcp_nodelay on; min_latency off; play { gop_cache on; time_jitter full; } mr { enabled off; }',
    ),
    inVhost(
      'hls { enabled on; } http_remux { enabled on; } dvr { enabled off; dvr_plan append; } forward { enabled off; }',
    ),
    inVhost(
      'transcode a { enabled off; } transcode b { enabled off; } ingest a { enabled off; } ingest b { enabled off; }',
    ),
  ];
  for (const text of texts) test(text, () => assert.deepEqual(translated(text).warnings, []));
});

const malformed: [text: string, line: string][] = [
  ['listen here;', 'a.conf:1: listen: "here" is no port or host:port'],
  ['listen 70000;', 'a.conf:1: listen: "70000" is no port or host:port'],
  ['\nmax_connections many;', 'a.conf:2: max_connections: "many" is no number'],
  [inVhost('play { queue_length -1; }'), 'a.conf:2: play.queue_length: "-1" is no number'],
  [
    inVhost('forward { enabled on; destination http://x; }'),
    'a.conf:2: forward.destination: "http://x" is no host or host:port',
  ],
  ['http_server { enabled on; listen x; }', 'a.conf:1: http_server.listen: "x" is no port or host:port'],
];

for (const [text, line] of malformed) {
  test(`${JSON.stringify(text)} is refused by one line`, () => {
    assert.throws(
      () => translated(text),
      (error) => error instanceof ConfigError && error.message === line,
    );
  });
}

describe('virtual hosts', () => {
  const text = `
    vhost a.org { play { queue_length 5; } dvr { enabled on; dvr_apply live/x; } }
    vhost __defaultVhost__ { play { queue_length 10; mw_latency 50; } forward h; }
    vhost b.org { play { queue_length 10; } forward g; }`;
  const { options, warnings } = translated(text);

  test('what the default one has holds for all', () => {
    assert.deepEqual([options['play.maxLag'], options['fanout.burstMax']], ['10s', '50ms']);
    assert.deepEqual(options['vhosts'], ['a.org', 'b.org']);
  });

  test('what is told by paths is kept for each', () => {
    assert.deepEqual(options['record.paths'], ['a.org/live/x']);
    assert.deepEqual(options['routes'], [
      { from: '*/*', to: 'rtmp://h/[app]/[stream]' },
      { from: 'b.org/*/*', to: 'rtmp://g/[app]/[stream]?vhost=b.org' },
    ]);
  });

  test('what another one has differently is told', () => {
    const differing = warnings.filter((line) => line.includes('play.maxLag of vhost'));
    assert.deepEqual(differing, ['a.conf:2: play.maxLag of vhost a.org: it is as vhost __defaultVhost__ has it']);
    assert.ok(warnings.includes('a.conf:4: vhost b.org: fanout.burstMax: as vhost __defaultVhost__ has it'));
  });
});

describe('the environment', () => {
  const cases: [env: Env, text: string, options: Record<string, unknown>][] = [
    [{ SRS_LISTEN: '1936' }, 'listen 1935;', { 'rtmp.listen': ':1936' }],
    [{ SRS_RTMP_LISTEN: '1936' }, '', { 'rtmp.listen': ':1936' }],
    [{ SRS_HTTP_API_ENABLED: 'on', SRS_HTTP_API_LISTEN: '9090' }, '', { 'http.listen': ':9090' }],
    [{ SRS_LOG_TANK: 'console' }, 'srs_log_file a.log;', {}],
    [{ SRS_SRS_LOG_LEVEL: 'error' }, '', { 'log.level': 'error' }],
    [{ SRS_VHOST_PLAY_QUEUE_LENGTH: '20' }, '', { 'play.maxLag': '20s' }],
    [{ SRS_VHOST_PLAY_QUEUE_LENGTH: '20' }, inVhost('play { queue_length 5; }'), { 'play.maxLag': '20s' }],
    [{ SRS_VHOST_HLS_ENABLED: 'on', SRS_VHOST_HLS_HLS_FRAGMENT: '3' }, '', { 'hls.segment': '3s' }],
    [
      { SRS_VHOST_FORWARD_ENABLED: 'on', SRS_VHOST_FORWARD_DESTINATION: 'a:1 b:2' },
      '',
      {
        routes: [
          { from: '*/*', to: 'rtmp://a:1/[app]/[stream]' },
          { from: '*/*', to: 'rtmp://b:2/[app]/[stream]' },
        ],
      },
    ],
    [{ SRS_SERVICE_HOST: '10.0.0.1', SRS_PORT_1935_TCP: 'tcp://10.0.0.1:1935', HOME: '/' }, '', {}],
  ];
  for (const [env, text, options] of cases) {
    test(`${JSON.stringify(env)} over ${JSON.stringify(text)}`, () => {
      const found = translated(text, env);
      assert.deepEqual(found.options, options);
      assert.deepEqual(found.warnings, []);
    });
  }

  test('what means nothing is told with its variable', () => {
    const env = { SRS_LISTN: '1', SRS_RTC_SERVER_ENABLED: 'on', SRS_PID: 'x', SRS_VHOST_RTC_RTMP_TO_RTC: 'on' };
    assert.deepEqual(translated('', env).warnings, [
      'SRS_RTC_SERVER_ENABLED in the environment: rtc_server: there is no WebRTC yet',
      'SRS_PID in the environment: pid: no file with the id of the process is written',
      'SRS_LISTN in the environment: no directive is known by this name',
    ]);
  });

  test('what is malformed there is refused with its variable', () => {
    assert.throws(
      () => translated('', { SRS_LISTEN: 'x' }),
      /^ConfigError: SRS_LISTEN in the environment: listen: "x"/,
    );
  });
});

test('an option knows the line that asks for it', () => {
  const { translation } = translated('listen 1;\nvhost a {\nforward h\n g;\n\n}\nvhost b { forward i; }');
  assert.equal(translation.where(['rtmp', 'listen']), 'a.conf:1');
  assert.equal(translation.where(['routes', 2, 'to']), 'a.conf:7');
  assert.equal(translation.where(['http', 'listen']), 'a.conf');
});
