import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { configure, configureByEnvironment } from '../../src/cli/configuration.ts';
import { convert } from '../../src/cli/convert.ts';
import { translate } from '../../src/config/dialects.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/server.ts';
import { Program } from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'headwater-srs-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const place = (named: string, env: Record<string, string> = {}) => ({ named, folder, env });

test('a file of SRS is read as it is, under its own variables and ours', () => {
  write('vhosts.conf', 'vhost __defaultVhost__ { play { queue_length 20; } }');
  const named = write('origin.conf', 'listen 19350;\nmax_connections 500;\ndaemon on;\ninclude vhosts.conf;\n');
  const env = { SRS_MAX_CONNECTIONS: '600', HEADWATER_RTMP_LISTEN: ':19351', HEADWATER_LOG_LEVEL: 'warn' };
  const { config, warnings, file, isFirstStart } = configure(configSchema, place(named, env));
  assert.deepEqual([config.rtmp.listen, config.limits.connections], [{ port: 19_351 }, 600]);
  assert.deepEqual([config.play.maxLag, config.log.level], [20_000_000, 'warn']);
  assert.deepEqual([file, isFirstStart], [join(folder, 'origin.conf'), false]);
  assert.ok(warnings!.some((line) => line.startsWith('origin.conf:3: daemon: ')));
});

test('the environment alone is enough', () => {
  const env = { SRS_LISTEN: '1936', SRS_HTTP_SERVER_ENABLED: 'on', SRS_HTTP_SERVER_LISTEN: '80', SRS_DAEMON: 'on' };
  const { config, warnings, file } = configureByEnvironment(configSchema, place('', env));
  assert.deepEqual([config.rtmp.listen, config.http.listen, file], [{ port: 1936 }, { port: 80 }, undefined]);
  assert.ok(warnings!.some((line) => line.startsWith('SRS_DAEMON in the environment: daemon: ')));
});

const wrong: [text: string, line: string][] = [
  ['listen 1935', 'wrong.conf:1: the file ends where ";" or "{" should be'],
  ['\ninclude nothing.conf;', 'wrong.conf:2: there is no file nothing.conf to include'],
  ['vhost "a/b" { }', 'wrong.conf:1: vhosts.0: "a/b" is not allowed; allowed is a host name such as live.example.com'],
];

for (const [text, line] of wrong) {
  test(`${JSON.stringify(text)} is refused by one line with its place`, () => {
    const named = write('wrong.conf', text);
    assert.throws(
      () => configure(configSchema, place(named)),
      (error) => error instanceof ConfigError && error.message === line,
    );
  });
}

describe('what is converted loads to the same configuration', () => {
  const number = (least: number, most: number) => fc.integer({ min: least, max: most }).map(String);
  const host = fc.constantFrom('127.0.0.1', 'h', 'a.example.com', '[::1]');
  const port = number(1, 65_535);
  const server = fc.tuple(host, port).map((parts) => parts.join(':'));
  const flag = fc.constantFrom('on', 'off');
  const line = (name: string, ...args: fc.Arbitrary<string>[]) =>
    fc.tuple(...args).map((words) => `${name} ${words.join(' ')};`);
  const block = (name: string, ...lines: fc.Arbitrary<string>[]) =>
    fc
      .tuple(
        flag,
        fc.shuffledSubarray(lines).chain((chosen) => fc.tuple(...chosen)),
      )
      .map(([enabled, inner]) => `${name} {\nenabled ${enabled};\n${inner.join('\n')}\n}`);
  const url = server.map((at) => `http://${at}/api/v1/streams?of=[app]`);
  const vhostLines = [
    block(
      'http_hooks',
      line('on_publish', url, url),
      line('on_stop', url),
      line('on_hls_notify', url),
      line('on_else', url),
    ),
    block('play', line('queue_length', number(0, 900)), line('mw_latency', number(0, 20_000)), line('gop_cache', flag)),
    block('publish', line('firstpkt_timeout', number(0, 60_000)), line('normal_timeout', number(0, 60_000))),
    block('hls', line('hls_fragment', number(0, 60)), line('hls_window', number(0, 100_000)), line('hls_ctx', flag)),
    block(
      'dvr',
      line('dvr_apply', fc.constantFrom('all', 'live/a', 'live/a live/b')),
      line('dvr_plan', fc.constantFrom('session', 'segment', 'append')),
      line('dvr_duration', number(0, 5000)),
      line('dvr_path', fc.constantFrom('/d', './d/', '/d/[app]/[stream].mp4', '[2006]/x.flv', '"/a b/[timestamp].ts"')),
    ),
    block('forward', line('destination', server, server)),
    line('forward', server),
    line('min_latency', flag),
    block(
      'security',
      line(
        'allow',
        flag.map((on) => (on === 'on' ? 'play all' : 'publish 10.0.0.0/8')),
      ),
    ),
    block('http_remux', line('mount', fc.constantFrom('[vhost]/[app]/[stream].flv', '[app]/[stream].ts'))),
  ];
  const vhost = fc
    .tuple(fc.constantFrom('__defaultVhost__', 'a.example.com', 'b'), fc.shuffledSubarray(vhostLines))
    .chain(([name, chosen]) => fc.tuple(...chosen).map((lines) => `vhost ${name} {\n${lines.join('\n')}\n}`));
  const file = fc
    .tuple(
      fc
        .shuffledSubarray([
          line('listen', port),
          line('listen', server, server),
          line('max_connections', number(0, 2_000_000)),
          line('daemon', flag),
          line('srs_log_tank', fc.constantFrom('file', 'console')),
          line('srs_log_file', fc.constantFrom('./objs/srs.log', "'a # b'")),
          line('srs_log_level', fc.constantFrom('trace', 'error', 'none')),
          block(
            'http_api',
            line('listen', port),
            line('crossdomain', flag),
            block('auth', line('token', fc.constant('t'))),
          ),
          block('http_server', line('listen', port), block('https', line('key', fc.constant('a.key')))),
          block('rtmps', line('listen', port), line('cert', fc.constant('b.crt'))),
          block('exporter', line('listen', port)),
          block(
            'heartbeat',
            line('interval', number(0, 100_000)),
            line('url', url),
            line('device_id', fc.constantFrom('a', '"b c"')),
            line('summaries', flag),
            line('ports', flag),
          ),
          block('rtc_server', line('listen', port)),
        ])
        .chain((chosen) => fc.tuple(...chosen)),
      fc.array(vhost, { maxLength: 3 }),
    )
    .map(([lines, vhosts]) => [...lines, ...vhosts].join('\n'));

  test('whatever a file of SRS holds', () => {
    fc.assert(
      fc.property(file, (text) => {
        // A file may be so short that it says nothing.
        const named = write('any.conf', `daemon off;\n${text}`);
        const yaml = convert(configSchema, named, place(named));
        const read = () => undefined;
        const translated = translate('any.conf', `daemon off;\n${text}`, { folder, env: {}, read })!;
        const before = loadConfig(configSchema, { translated });
        assert.deepEqual(loadConfig(configSchema, { file: { name: 'converted.yaml', text: yaml } }), before);
        for (const warning of translated.warnings) assert.ok(yaml.includes(`# ${warning}\n`), warning);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  for (const [name, text] of [
    ['config.yaml', 'client_addr_list: ["10.0.0.7:5222"]\nrtmp_addr: ":1936"\nlog_level: trace\nenable_sr: true\n'],
    ['conf.yaml', 'udp_addr: "239.0.0.1:5222"\nquic_addr: ":4243"\ndisable_quic: true\n'],
  ] as const) {
    test(`the ${name} of an original node`, () => {
      const named = write(name, text);
      const { config } = configure(configSchema, place(named));
      const converted = write('headwater.yaml', convert(configSchema, named, place(named)));
      const { config: again } = configure(configSchema, place(converted));
      assert.deepEqual({ ...again, access: undefined }, { ...config, access: undefined });
    });
  }
});

test('the command prints YAML, and one line where there is nothing to convert', async (t) => {
  const main = join(import.meta.dirname, '../../src/main.ts');
  const named = join(folder, write('small.conf', 'listen 19350;\npid a;\n'));
  const { stdout } = await new Program(t, process.execPath, [main, 'convert', named]).succeeded();
  assert.match(stdout, /^# Made of .*small\.conf, a configuration of SRS\.\n/);
  assert.match(stdout, /\n# .*small\.conf:2: pid: .*\n[^]*\nrtmp:\n {2}# .*\n {2}listen: :19350\n/);
  const ours = join(folder, write('ours.yaml', 'rtmp:\n  listen: off\n'));
  const refused = new Program(t, process.execPath, [main, 'convert', ours]);
  assert.deepEqual(await refused.ended(), { code: 2, signal: null });
  assert.equal(refused.stderr, `headwater: ${ours} is no configuration of SRS or of an original node\n`);
});
