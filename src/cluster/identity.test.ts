import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../test/support/ffmpeg.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { Identity } from './identity.ts';
import { readJoinToken } from './join-token.ts';

const DAY = 24 * 3600 * SECOND;

async function folderOf(t: TestContext): Promise<string> {
  return join(await temporaryFolder(t), 'state', 'node');
}

/** Two nodes, one of which let the other in. */
async function twoNodes(t: TestContext, clock = new VirtualClock()) {
  const [origin, edge] = [Identity.open(await folderOf(t), clock), Identity.open(await folderOf(t), clock)];
  const certificate = origin.admit(createPublicKey(edge.publicKey));
  edge.keep('origin:4242', { certificate, authority: origin.credentials().ca });
  return { clock, origin, edge, shown: new X509Certificate(certificate) };
}

const refused = (pattern: RegExp) => (error: Error) => error instanceof RefusedError && pattern.test(error.message);

describe('an identity', () => {
  test('is made once and read from then on', async (t) => {
    const folder = await folderOf(t);
    const made = Identity.open(folder);
    const read = Identity.open(folder);
    assert.match(made.nodeId, /^[0-9a-f]{20}$/);
    assert.deepEqual(
      [read.nodeId, read.joinToken, read.credentials()],
      [made.nodeId, made.joinToken, made.credentials()],
    );
    assert.notEqual(Identity.open(await folderOf(t)).nodeId, made.nodeId);
  });

  test('is for the eyes of its owner alone, and never there in part', async (t) => {
    const folder = await folderOf(t);
    Identity.open(folder).replaceJoinToken();
    assert.deepEqual(readdirSync(folder), ['identity.json']);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, 'identity.json')).mode & 0o777, 0o600);
  });

  for (const [name, damage] of [
    ['cut off', (text: string) => text.slice(0, 100)],
    ['empty', () => ''],
    ['of another version', (text: string) => text.replace('"version": 1', '"version": 2')],
    ['without a part', (text: string) => text.replace('"joinSecret"', '"secret"')],
    ['with a key that is none', (text: string) => text.replace('BEGIN PRIVATE', 'BEGIN PUBLIC')],
  ] as const) {
    test(`that is ${name} is not opened, nor made anew`, async (t) => {
      const folder = await folderOf(t);
      Identity.open(folder);
      const file = join(folder, 'identity.json');
      const damaged = damage(readFileSync(file, 'utf8'));
      writeFileSync(file, damaged);
      assert.throws(() => Identity.open(folder), new RegExp(`^Error: ${file} is damaged: .+or delete it`, 's'));
      assert.equal(readFileSync(file, 'utf8'), damaged);
    });
  }

  test('whose key and certificate are of two nodes is damaged', async (t) => {
    const [one, other] = [await folderOf(t), await folderOf(t)];
    Identity.open(one);
    Identity.open(other);
    const [file, content] = [join(one, 'identity.json'), JSON.parse(readFileSync(join(one, 'identity.json'), 'utf8'))];
    const { key } = JSON.parse(readFileSync(join(other, 'identity.json'), 'utf8'));
    writeFileSync(file, JSON.stringify({ ...content, key }));
    assert.throws(() => Identity.open(one), /do not belong together/);
  });
});

describe('a join token', () => {
  test('names the authority and carries the secret', async (t) => {
    const identity = Identity.open(await folderOf(t));
    const { fingerprint, secret } = readJoinToken(` ${identity.joinToken}\n`);
    const digits = new X509Certificate(identity.credentials().ca).fingerprint256.replaceAll(':', '').toLowerCase();
    assert.equal(Buffer.from(fingerprint).toString('hex'), digits);
    assert.ok(identity.isJoinSecret(secret));
    assert.equal(identity.joinToken.length, 69);
  });

  test('that was replaced is worth nothing, and the new one is kept', async (t) => {
    const folder = await folderOf(t);
    const identity = Identity.open(folder);
    const old = readJoinToken(identity.joinToken).secret;
    const replaced = identity.replaceJoinToken();
    assert.ok(!identity.isJoinSecret(old));
    assert.equal(Identity.open(folder).joinToken, replaced);
  });

  for (const text of ['', 'hwj1.', 'hwj2.AAAA', `hwj1.${'A'.repeat(63)}`, `hwj1.${'A'.repeat(80)}`, 'hello']) {
    test(`is not ${JSON.stringify(text.slice(0, 10))} of ${text.length} characters`, () => {
      assert.throws(() => readJoinToken(text), refused(/no join token/));
    });
  }
});

describe('a node that was let in', () => {
  test('is known by its certificate', async (t) => {
    const { origin, edge, shown } = await twoNodes(t);
    assert.equal(origin.nodeOf(shown), edge.nodeId);
  });

  test('has credentials for that origin alone, also after a restart', async (t) => {
    const folder = await folderOf(t);
    const origin = Identity.open(await folderOf(t));
    const edge = Identity.open(folder);
    const certificate = origin.admit(createPublicKey(edge.publicKey));
    edge.keep('origin:4242', { certificate, authority: origin.credentials().ca });
    const credentials = Identity.open(folder).credentialsFor('origin:4242');
    assert.equal(credentials?.serverName, `${origin.nodeId}.headwater.internal`);
    assert.equal(credentials?.ca, origin.credentials().ca);
    assert.equal(edge.credentialsFor('other:4242'), undefined);
    edge.forget('origin:4242');
    assert.equal(Identity.open(folder).credentialsFor('origin:4242'), undefined);
  });

  test('is refused once it is revoked, and cannot come in again with the same key', async (t) => {
    const { origin, edge, shown } = await twoNodes(t);
    origin.revoke(edge.nodeId);
    origin.revoke(edge.nodeId);
    assert.throws(() => origin.nodeOf(shown), refused(/revoked/));
    assert.throws(() => origin.admit(createPublicKey(edge.publicKey)), refused(/revoked/));
  });

  test('stays in when the join token is replaced', async (t) => {
    const { origin, edge, shown } = await twoNodes(t);
    origin.replaceJoinToken();
    assert.equal(origin.nodeOf(shown), edge.nodeId);
  });

  test('renews after half of 90 days, and is out after them', async (t) => {
    const { clock, origin, edge, shown } = await twoNodes(t);
    assert.equal(edge.isRenewalDue('origin:4242'), false);
    clock.advance(46 * DAY);
    assert.equal(edge.isRenewalDue('origin:4242'), true);
    assert.ok(edge.credentialsFor('origin:4242'));
    clock.advance(45 * DAY);
    assert.equal(edge.credentialsFor('origin:4242'), undefined);
    assert.throws(() => origin.nodeOf(shown), refused(/expired/));
  });

  test('is not one that another authority let in, nor one without a certificate', async (t) => {
    const { shown } = await twoNodes(t);
    const stranger = Identity.open(await folderOf(t));
    assert.throws(() => stranger.nodeOf(shown), refused(/not from this node/));
    assert.throws(() => stranger.nodeOf(undefined), refused(/needed/));
  });

  test('keeps only what is for its key and signed as it says', async (t) => {
    const { origin, edge } = await twoNodes(t);
    const stranger = Identity.open(await folderOf(t));
    const authority = origin.credentials().ca;
    const forOther = { certificate: origin.admit(createPublicKey(stranger.publicKey)), authority };
    const byOther = { certificate: stranger.admit(createPublicKey(edge.publicKey)), authority };
    for (const given of [forOther, byOther]) assert.throws(() => edge.keep('x:1', given), refused(/not for this node/));
  });
});
