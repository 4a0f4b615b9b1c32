import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { temporaryFolder } from '../../test/support/ffmpeg.ts';
import { Attempts } from '../access/attempts.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import { sendJson } from './exchange.ts';
import { Identity } from './identity.ts';
import { JOIN_PROTOCOL, joinOrigin, nameOfOrigin, type Origin, renewMembership, serveJoin } from './join.ts';

const DAY = 24 * 3600 * SECOND;

interface Node {
  readonly identity: Identity;
  readonly at: Origin;
  /** How each exchange ended: the id that was let in, or why it was not. */
  readonly ends: Promise<string>[];
}

async function makeIdentity(t: TestContext, clock?: VirtualClock): Promise<Identity> {
  return Identity.open(await temporaryFolder(t), clock);
}

/** An origin with a listener, as a relay has one; `shown` is what it shows instead of its own credentials. */
async function startOrigin(
  t: TestContext,
  clock = new VirtualClock(Date.now() * 1000),
  shown?: Identity,
): Promise<Node> {
  const identity = await makeIdentity(t, clock);
  const guard = new Attempts(clock);
  const ends: Promise<string>[] = [];
  const wishes = { requestCert: true, rejectUnauthorized: false, ALPNProtocols: [JOIN_PROTOCOL] };
  const { key, cert, ca } = (shown ?? identity).credentials();
  const server = createServer({ key, cert: cert + ca, ca, ...wishes }, (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate();
    const end = serveJoin(identity, socket, { remote: socket.remoteAddress ?? '', certificate }, guard);
    end.catch(() => {});
    ends.push(end);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { identity, at: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, ends };
}

describe('a node with a join token', () => {
  test('is let in, and needs the token no more', async (t) => {
    const { identity, at, ends } = await startOrigin(t);
    const edge = await makeIdentity(t);
    await joinOrigin(edge, at, identity.joinToken);
    assert.deepEqual(await Promise.all(ends.slice(-1)), [edge.nodeId]);
    assert.equal(edge.credentialsFor(nameOfOrigin(at))?.ca, identity.credentials().ca);
  });

  test('sends nothing to somebody who is not the one that made the token', async (t) => {
    const [{ identity }, impostor] = [await startOrigin(t), await startOrigin(t)];
    const edge = await makeIdentity(t);
    await assert.rejects(
      joinOrigin(edge, impostor.at, identity.joinToken),
      /is not the node that made this join token/,
    );
    await assert.rejects(Promise.any(impostor.ends), ({ errors }: AggregateError) =>
      errors.every((error: Error) => error instanceof ProtocolError && /without an answer/.test(error.message)),
    );
  });

  test('is not let in once the token was replaced', async (t) => {
    const { identity, at } = await startOrigin(t);
    const old = identity.joinToken;
    identity.replaceJoinToken();
    await assert.rejects(joinOrigin(await makeIdentity(t), at, old), /refused: the join token is not valid/);
  });

  test('gives up on an origin that is not there', async (t) => {
    const { identity } = await startOrigin(t);
    await assert.rejects(
      joinOrigin(await makeIdentity(t), { host: '127.0.0.1', port: 1 }, identity.joinToken),
      /ECONNREFUSED/,
    );
  });

  test('gives up when it is told to', async (t) => {
    const { identity, at } = await startOrigin(t);
    await assert.rejects(joinOrigin(await makeIdentity(t), at, identity.joinToken, AbortSignal.abort()), /abort/i);
  });
});

describe('a node that is in', () => {
  async function joined(t: TestContext) {
    const clock = new VirtualClock(Date.now() * 1000);
    const origin = await startOrigin(t, clock);
    const edge = await makeIdentity(t, clock);
    await joinOrigin(edge, origin.at, origin.identity.joinToken);
    return { clock, origin, edge };
  }

  test('renews its certificate when half of its life is over, without the token', async (t) => {
    const { clock, origin, edge } = await joined(t);
    origin.identity.replaceJoinToken();
    const before = edge.credentialsFor(nameOfOrigin(origin.at));
    assert.equal(await renewMembership(edge, origin.at), false);
    clock.advance(46 * DAY);
    assert.equal(await renewMembership(edge, origin.at), true);
    const after = edge.credentialsFor(nameOfOrigin(origin.at));
    assert.notEqual(after?.cert, before?.cert);
    assert.equal(edge.isRenewalDue(nameOfOrigin(origin.at)), false);
    assert.equal(await renewMembership(edge, origin.at), false);
  });

  test('does not renew it once it was revoked', async (t) => {
    const { clock, origin, edge } = await joined(t);
    origin.identity.revoke(edge.nodeId);
    clock.advance(46 * DAY);
    await assert.rejects(renewMembership(edge, origin.at), /refused: node \w+ was revoked/);
  });

  test('cannot pass for the origin', async (t) => {
    const { origin, edge } = await joined(t);
    const { cert, key } = edge.credentialsFor(nameOfOrigin(origin.at))!;
    const { ca } = origin.identity.credentials();
    const server = createServer({ cert: cert + ca, key, ALPNProtocols: [JOIN_PROTOCOL] }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => {});
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const victim = await makeIdentity(t);
    await assert.rejects(
      joinOrigin(victim, { host: '127.0.0.1', port }, origin.identity.joinToken),
      ({ code }: NodeJS.ErrnoException) => code === 'INVALID_PURPOSE' || code === 'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });
});

describe('whoever answers those who want in', () => {
  const peer = { remote: '192.0.2.1', certificate: undefined };

  async function askWith(t: TestContext, send: (stream: Duplex) => void, guard = new Attempts(new VirtualClock())) {
    const identity = await makeIdentity(t);
    const [ours, theirs] = duplexPair();
    const end = serveJoin(identity, ours, peer, guard);
    send(theirs);
    theirs.resume();
    return end;
  }

  test('lets nobody in without secret and certificate', async (t) => {
    const { publicKey } = await makeIdentity(t);
    await assert.rejects(
      askWith(t, (stream) => sendJson(stream, { publicKey })),
      /a certificate is needed/,
    );
  });

  test('hears nobody out who tried many secrets', async (t) => {
    const { publicKey } = await makeIdentity(t);
    const guard = new Attempts(new VirtualClock());
    const wrong = (stream: Duplex) => sendJson(stream, { publicKey, secret: 'wrong' });
    for (let i = 0; i < 10; i++) await assert.rejects(askWith(t, wrong, guard), /not valid/);
    await assert.rejects(askWith(t, wrong, guard), /too many wrong/);
  });

  for (const [name, send, expected] of [
    ['a message that is too long', (stream: Duplex) => stream.write(Buffer.from([0, 1, 0, 0])), /at most 16384/],
    ['no JSON', (stream: Duplex) => stream.write(Buffer.from([0, 0, 0, 1, 0x7b])), /no JSON/],
    ['JSON of another kind', (stream: Duplex) => sendJson(stream, [1, 2]), /of another kind/],
    ['no key', (stream: Duplex) => sendJson(stream, { publicKey: 'x', secret: 'y' }), /unusable public key/],
    ['half a message', (stream: Duplex) => stream.end(Buffer.from([0, 0, 0, 9, 1])), /without an answer/],
  ] as const) {
    test(`takes ${name} for the peer's fault`, async (t) => {
      await assert.rejects(
        askWith(t, send),
        (error: Error) => error instanceof ProtocolError && expected.test(error.message),
      );
    });
  }

  test('waits for nobody who says nothing', async (t) => {
    const [identity, [ours]] = [await makeIdentity(t), duplexPair()];
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const end = serveJoin(identity, ours, peer, new Attempts(new VirtualClock()));
    t.mock.timers.tick(5000);
    await assert.rejects(end, (error: Error) => error instanceof RefusedError && /took too long/.test(error.message));
  });
});
