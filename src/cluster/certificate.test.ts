import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../test/support/ffmpeg.ts';
import { ProtocolError } from '../base/errors.ts';
import { certify, makeKey, nodeIdOf, publicPem, readPublicKey, serverNameOf } from './certificate.ts';

const life = { from: new Date(Date.now() - 1000), until: new Date(Date.now() + 24 * 3600 * 1000) };
const authority = { name: 'authority', key: makeKey() };
const authorityPublic = createPublicKey(authority.key);
const root = certify({ id: 'authority', publicKey: authorityPublic, usage: 'authority', ...life }, authority);
const publicKey = createPublicKey(makeKey());
const certificates = {
  server: certify({ id: 'abc', publicKey, usage: 'server', ...life }, authority),
  client: certify({ id: 'abc', publicKey, usage: 'client', ...life }, authority),
} as const;

describe('a certificate', () => {
  test('says what was claimed', () => {
    const { subject, issuer, subjectAltName, keyUsage, ca, validToDate, ...rest } = new X509Certificate(
      certificates.server,
    );
    assert.deepEqual(
      [subject, issuer, subjectAltName, ca],
      ['CN=abc', 'CN=authority', `DNS:${serverNameOf('abc')}`, false],
    );
    assert.deepEqual(keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.ok(Math.abs(validToDate.getTime() - life.until.getTime()) < 1000);
    assert.ok(publicKey.equals(new X509Certificate(certificates.server).publicKey));
    assert.deepEqual(rest, {});
  });

  test('of an authority may sign others', () => {
    const read = new X509Certificate(root);
    assert.ok(read.ca);
    assert.ok(read.verify(authorityPublic));
    assert.ok(new X509Certificate(certificates.client).checkIssued(read));
  });

  for (const [usage, purpose, other] of [
    ['server', 'sslserver', 'sslclient'],
    ['client', 'sslclient', 'sslserver'],
  ] as const) {
    test(`of a ${usage} is one for OpenSSL, by its strictest rules, and good for nothing else`, async (t) => {
      const folder = await temporaryFolder(t);
      const [rootFile, file] = [join(folder, 'root.pem'), join(folder, 'leaf.pem')];
      writeFileSync(rootFile, root);
      writeFileSync(file, certificates[usage]);
      const verify = (as: string) =>
        promisify(execFile)('openssl', ['verify', '-x509_strict', '-purpose', as, '-CAfile', rootFile, file]);
      assert.match((await verify(purpose)).stdout, /: OK/);
      await assert.rejects(verify(other), /unsuitable certificate purpose|unsupported certificate purpose/);
    });
  }
});

describe('a public key', () => {
  test('comes back as it was sent', () => {
    const key = makeKey();
    assert.ok(readPublicKey(publicPem(key)).equals(createPublicKey(key)));
    assert.match(nodeIdOf(readPublicKey(publicPem(key))), /^[0-9a-f]{20}$/);
  });

  const otherCurve = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey;
  for (const [name, pem] of [
    ['nothing', ''],
    ['no key at all', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['a private key', makeKey()],
    ['a certificate', root],
    ['a key on another curve', otherCurve.export({ type: 'spki', format: 'pem' }).toString()],
    ['too long a text', `${publicPem(makeKey())}${' '.repeat(1000)}`],
  ] as const) {
    test(`that is ${name} is the peer's fault`, () => assert.throws(() => readPublicKey(pem), ProtocolError));
  }
});
