import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configure } from '../../src/cli/configuration.ts';
import { ConfigError } from '../../src/config/load.ts';
import { configSchema } from '../../src/server.ts';

function configured(t: TestContext, file: string, lines: readonly string[], env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'headwater-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, file), lines.join('\n'));
  return configure(configSchema, { named: file, folder, env });
}

test('a cloud node’s file starts a cloud, whatever it asks for', (t) => {
  const lines = [
    'client_addr_list: ["10.0.0.7:5222"]',
    'rtmp_addr: ":1936"',
    'log_level: trace',
    'read_timeout: 15',
    'write_timeout: 12',
    'enable_rtmps: true',
    'rtmps_cert: a.pem',
    'rtmps_key: b.pem',
    'httpflv_addr: ":7001"',
    'enable_sr: true',
  ];
  const { config, warnings } = configured(t, 'config.yaml', lines);
  assert.deepEqual(config.legacy.cloud.destinations, [{ host: '10.0.0.7', port: 5222 }]);
  assert.deepEqual([config.legacy.cloud.repairListen, config.legacy.cloud.apiListen], [{ port: 4242 }, { port: 8090 }]);
  assert.deepEqual([config.rtmp.listen, config.rtmp.listenTls], [undefined, { port: 1936 }]);
  assert.deepEqual(config.tls.certificates, [{ cert: 'a.pem', key: 'b.pem' }]);
  assert.deepEqual([config.log.level, config.publish.idleTimeout], ['debug', 15_000_000]);
  assert.ok(warnings?.some((warning) => warning.startsWith('config.yaml:10: enable_sr: ')));
});

test('an edge node’s file starts an edge, and the environment still wins', (t) => {
  const lines = ['udp_addr: "239.0.0.1:5222"', 'quic_addr: ":4243"', 'disable_quic: true', 'enable_log_file: true'];
  const { config } = configured(t, 'conf.yaml', lines, { HEADWATER_HTTP_LISTEN: '127.0.0.1:8081' });
  const { listen, quicPort, apiPort, repair, flvListen } = config.legacy.edge;
  assert.deepEqual(listen, { host: '239.0.0.1', port: 5222 });
  assert.deepEqual(
    { quicPort, apiPort, repair, flvListen },
    { quicPort: 4243, apiPort: 8090, repair: false, flvListen: { port: 7001 } },
  );
  assert.deepEqual([config.http.listen, config.log.file], [{ host: '127.0.0.1', port: 8081 }, 'main.log']);
});

test('what is wrong in such a file is an error that names it', (t) => {
  assert.throws(
    () => configured(t, 'config.yaml', ['client_addr_list: ["nowhere"]']),
    (error: unknown) => error instanceof ConfigError && error.message.includes('legacy.cloud.destinations'),
  );
});
