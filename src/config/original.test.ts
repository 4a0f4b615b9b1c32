import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { translateOriginal } from './original.ts';

const CLOUD_FILE = `
rtp_cache_size: 5000
quic_addr: ":4242"
client_addr_list: ["239.0.0.1:5222", "10.0.0.7:5222"]
enable_record: false
rtp_port: 5220
rtmp_addr: ":1935"
api_addr: ":8090"
debug: false
log_level: "debug"
enable_log_file: true
enable_sr: false
sr_api: "http://localhost:5000/"
`;

const EDGE_FILE = `
udp_addr: ":5222"
api_addr: ":8090"
quic_addr: ":4242"
padding_size: 300
disable_quic: false
chan_size: 100
record_dir: "./record"
pack_loss: 0.001
flv_addr: ":7001"
enable_hls: false
hls_addr: ":7002"
enable_record: false
cert_file: "certs/server.crt"
key_file: "certs/server.key"
init: false
log_level: ""
enable_log_file: false
cloud_host: "10.0.0.1"
protect: true
`;

function translated(text: string, folder = tmpdir()) {
  const translation = translateOriginal('conf.yaml', text, folder)!;
  const keys = translation.warnings.map((line) => /^conf\.yaml:\d+: (\w+): /.exec(line)?.[1]);
  return { options: translation.value(), keys };
}

test('the config.yaml of the original cloud node is understood', () => {
  const { options, keys } = translated(CLOUD_FILE);
  assert.deepEqual(options, {
    legacy: {
      cloud: {
        destinations: ['239.0.0.1:5222', '10.0.0.7:5222'],
        repairListen: ':4242',
        apiListen: ':8090',
        cachePackets: 5000,
      },
    },
    rtmp: { listen: ':1935' },
    log: { level: 'debug', file: 'server.log' },
  });
  assert.equal(keys.length, 1, 'only that publishers need a key');
});

test('the conf.yaml of the original edge node is understood', () => {
  const { options, keys } = translated(EDGE_FILE);
  assert.deepEqual(options, {
    legacy: {
      edge: {
        listen: ':5222',
        flvListen: ':7001',
        apiPort: 8090,
        quicPort: 4242,
        cloudHost: '10.0.0.1',
        repair: true,
      },
    },
    rtmp: { listen: 'off' },
    http: { listen: 'off' },
  });
  assert.deepEqual(keys.slice(1), ['padding_size', 'pack_loss']);
});

test('what an original file leaves out has the default of the original', () => {
  const cloud = { destinations: ['239.0.0.1:5222'], repairListen: ':4242', apiListen: ':8090', cachePackets: 100 };
  assert.deepEqual(translated('rtp_cache_size: 100').options, { legacy: { cloud }, rtmp: { listen: ':1935' } });
});

test('an edge serves HTTPS when both files are there, as the original does', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headwater-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, 'a.crt'), join(folder, 'a.key')];
  const file = 'flv_addr: ":7001"\ncert_file: a.crt\nkey_file: a.key\n';
  writeFileSync(cert, '');
  assert.deepEqual((translated(file, folder).options['legacy'] as { edge: object }).edge, {
    ...{ listen: '239.0.0.1:5222', flvListen: ':7001', apiPort: 8090, quicPort: 4242 },
  });
  writeFileSync(key, '');
  const { options } = translated(file, folder);
  assert.deepEqual(options['tls'], { certificates: [{ cert, key }] });
  assert.equal((options['legacy'] as { edge: Record<string, unknown> }).edge['flvListenTls'], ':7001');
});

const effects: [line: string, path: string, expected: unknown][] = [
  ['debug: true', 'legacy.cloud.destinations', []],
  ['log_level: trace', 'log.level', 'debug'],
  ['log_level: error', 'log.level', 'error'],
  ['read_timeout: 10', 'publish.idleTimeout', '10s'],
  ['write_timeout: 10', 'play.stallTimeout', '10s'],
  ['enable_rtmps: true', 'rtmp.listenTls', ':1935'],
  ['enable_rtmps: true', 'rtmp.listen', 'off'],
  ['httpflv_addr: ":7001"', 'http.listen', ':7001'],
];

for (const [line, path, expected] of effects)
  test(`${line} of a cloud becomes ${path}`, () => {
    const { options } = translated(`rtmp_addr: ":1935"\n${line}\n`);
    assert.deepEqual(
      path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], options),
      expected,
    );
  });

const named: [kind: 'cloud' | 'edge', line: string][] = [
  ['cloud', 'enable_record: true'],
  ['cloud', 'enable_sr: true'],
  ['cloud', 'gop_num: 2'],
  ['cloud', 'flv_archive: true'],
  ['cloud', 'server: [{appname: live}]'],
  ['cloud', 'debug: true'],
  ['cloud', 'something_else: 1'],
  ['edge', 'enable_hls: true'],
  ['edge', 'enable_record: true'],
  ['edge', 'init: true'],
  ['edge', 'chan_size: 5'],
];

for (const [kind, line] of named)
  test(`${line} of ${kind} is named in a warning`, () => {
    const { keys } = translated(`${kind === 'cloud' ? 'rtmp_addr: ":1935"' : 'udp_addr: ":5222"'}\n${line}\n`);
    assert.ok(keys.includes(line.split(':')[0]));
  });

for (const text of ['rtmp:\n  listen: :1935\n', '', '[1, 2]', 'a: [', 'constructor: 1', 'log:\n  level: info\n'])
  test(`${JSON.stringify(text)} is no file of an original node`, () => {
    assert.equal(translateOriginal('conf.yaml', text, tmpdir()), undefined);
  });
