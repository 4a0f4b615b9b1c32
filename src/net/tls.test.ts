import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { loggerTo } from '../ops/log.ts';
import { type CertificateFiles, TlsStore } from './tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'headwater-tls-'));
after(() => rmSync(folder, { recursive: true }));

const first = makeCertificate('first', ['first.example', 'also.example']);
const wild = makeCertificate('wild', ['*.wild.example']);
const second = makeCertificate('second', ['first.example']);

/** The files of a certificate that signs itself, valid for some names. */
function makeCertificate(name: string, dnsNames: readonly string[]): CertificateFiles {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = dnsNames.map((dnsName) => `DNS:${dnsName}`).join(',');
  const subject = ['-subj', `/CN=${dnsNames[0]}`, '-addext', `subjectAltName=${names}`];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', files.key, '-out', files.cert], {
    stdio: 'pipe',
  });
  return files;
}

/** A log that hands out the messages it gets, one after another. */
function listeningLog() {
  const messages: string[] = [];
  let waiting = Promise.withResolvers<void>();
  const write = (line: string) => {
    messages.push((JSON.parse(line) as { msg: string }).msg);
    waiting.resolve();
  };
  const next = async () => {
    while (messages.length === 0) {
      waiting = Promise.withResolvers<void>();
      await waiting.promise;
    }
    return messages.shift()!;
  };
  return { log: loggerTo({ write }), next };
}

async function serve(t: TestContext, files: readonly CertificateFiles[], protocols: readonly string[] = []) {
  const { log, next } = listeningLog();
  const store = await TlsStore.open(files, log);
  const server = createServer(store.serverOptions(protocols), (socket) => socket.on('error', () => {}).end());
  store.keepCurrent(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    store.close();
  });
  return { server, next };
}

type Asked = { servername?: string; protocols?: string[] };

/** What a client is shown: the common name and serial number of the certificate, and the protocol agreed on. */
async function shown(server: Server, { servername = '', protocols = [] }: Asked = {}) {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, servername, ALPNProtocols: protocols, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject, serialNumber } = socket.getPeerCertificate();
  const { alpnProtocol } = socket;
  socket.destroy();
  return { name: subject.CN, serialNumber, alpnProtocol };
}

describe('the certificate is chosen by the name that the client asks for', () => {
  const choices: [servername: string, name: string][] = [
    ['first.example', 'first.example'],
    ['also.example', 'first.example'],
    ['a.wild.example', '*.wild.example'],
    ['a.b.wild.example', 'first.example'],
    ['wild.example', 'first.example'],
    ['unknown.example', 'first.example'],
    ['', 'first.example'],
  ];
  for (const [servername, name] of choices) {
    test(`${servername || 'no name'} gets that of ${name}`, async (t) => {
      const { server } = await serve(t, [first, wild]);
      assert.equal((await shown(server, { servername })).name, name);
    });
  }
});

test('the protocol is agreed on where protocols are offered', async (t) => {
  const { server } = await serve(t, [first], ['h2', 'http/1.1']);
  assert.equal((await shown(server, { protocols: ['h2'] })).alpnProtocol, 'h2');
  assert.equal((await shown(server, { protocols: ['http/1.1'] })).alpnProtocol, 'http/1.1');
  assert.equal((await shown(server)).alpnProtocol, false);
});

test('an HTTP/2 server takes the options, too', async (t) => {
  const store = await TlsStore.open([first, wild], listeningLog().log);
  const server = createSecureServer({ ...store.serverOptions(), allowHTTP1: true }, (_, response) =>
    response.end('hello'),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connectHttp2(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    rejectUnauthorized: false,
  });
  t.after(() => {
    client.destroy();
    server.close();
    store.close();
  });
  const [headers] = (await once(client.request({ ':path': '/' }), 'response')) as [{ ':status': number }];
  assert.equal(headers[':status'], 200);
});

/** A folder with a copy of a pair, in which renewal can be played. */
function copyOf(name: string, pair: CertificateFiles) {
  const own = join(folder, name);
  mkdirSync(own);
  const files = { cert: join(own, 'cert.pem'), key: join(own, 'key.pem') };
  copyFileSync(pair.cert, files.cert);
  copyFileSync(pair.key, files.key);
  return files;
}

test('new files are used for new connections, with a name and without', { timeout: 20_000 }, async (t) => {
  const files = copyOf('renewed', first);
  const { server, next } = await serve(t, [files]);
  const before = await shown(server);
  copyFileSync(second.cert, files.cert);
  copyFileSync(second.key, files.key);
  while ((await next()) !== 'certificates reloaded');
  for (const servername of ['', 'first.example']) {
    const now = await shown(server, { servername });
    assert.equal(now.name, 'first.example');
    assert.notEqual(now.serialNumber, before.serialNumber);
  }
});

test('the old certificate stays while new files are bad, and good ones are still noticed', {
  timeout: 20_000,
}, async (t) => {
  const files = copyOf('broken', first);
  const { server, next } = await serve(t, [files]);
  const before = await shown(server);
  writeFileSync(files.cert, 'no certificate');
  assert.equal(await next(), 'new certificates cannot be used; the old ones stay');
  assert.deepEqual(await shown(server), before);
  copyFileSync(wild.cert, files.cert);
  copyFileSync(wild.key, files.key);
  while ((await next()) !== 'certificates reloaded');
  assert.equal((await shown(server)).name, '*.wild.example');
});

test('a link that is changed to lead elsewhere counts as a change', { timeout: 20_000 }, async (t) => {
  const own = join(folder, 'linked');
  const files = { cert: join(own, 'cert.pem'), key: join(own, 'key.pem') };
  mkdirSync(own);
  const lead = (pair: CertificateFiles) => {
    for (const kind of ['cert', 'key'] as const) {
      symlinkSync(pair[kind], `${files[kind]}.new`);
      renameSync(`${files[kind]}.new`, files[kind]);
    }
  };
  lead(first);
  const { server, next } = await serve(t, [files]);
  lead(wild);
  while ((await next()) !== 'certificates reloaded');
  assert.equal((await shown(server)).name, '*.wild.example');
});

const unfit: [name: string, files: CertificateFiles, message: RegExp][] = [
  ['a file that is absent', { cert: join(folder, 'absent'), key: first.key }, /ENOENT/],
  ['a key of another certificate', { cert: first.cert, key: wild.key }, /first\.crt with .*wild\.key cannot be used: /],
  ['a key in the place of a certificate', { cert: first.key, key: first.key }, /cannot be used: /],
];

for (const [name, files, message] of unfit) {
  test(`${name} stops the start with a reason`, async () => {
    await assert.rejects(TlsStore.open([files], listeningLog().log), (error: NodeJS.ErrnoException) => {
      assert.match(error.message, message);
      return error.code !== undefined;
    });
  });
}
