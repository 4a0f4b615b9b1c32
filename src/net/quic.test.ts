import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../../test/support/ffmpeg.ts';
import { openLossyRelay } from '../../test/support/lossy-relay.ts';
import { until, within } from '../../test/support/until.ts';
import { Identity } from '../cluster/identity.ts';
import { MOST_UNREAD } from './quic/stream.ts';
import { dialQuic, listenQuic, type QuicConnection, type QuicDialOptions } from './quic.ts';

const ALPN = ['headwater/1'];

/** Somebody who can listen, and show a certificate to itself. */
async function makeNode(t: TestContext) {
  const origin = Identity.open(await temporaryFolder(t));
  const { ca, key, cert } = origin.credentials();
  const edge = Identity.open(await temporaryFolder(t));
  edge.keep('origin', { certificate: origin.admit(createPublicKey(edge.publicKey)), authority: ca });
  return {
    listen: { ca, key, cert },
    dial: edge.credentialsFor('origin')!,
    id: edge.nodeId,
    nodeOf: origin.nodeOf.bind(origin),
  };
}

type Node = Awaited<ReturnType<typeof makeNode>>;

function echo(stream: Duplex): void {
  stream.on('data', (bytes: Uint8Array) => stream.write(bytes));
  stream.on('end', () => stream.end());
}

interface ListenChanges {
  readonly port?: number;
  readonly host?: string;
  /** Whether it takes any client. */
  readonly isOpen?: boolean;
  readonly alpn?: string[];
  readonly idle?: number;
  readonly onStream?: (stream: Duplex, connection: QuicConnection) => void;
}

/** A listener that echoes; connections that came in are in `connections`. */
async function listen(t: TestContext, node: Node, { onStream = echo, isOpen, ...changes }: ListenChanges = {}) {
  const connections: QuicConnection[] = [];
  const trust = isOpen ? {} : { ca: node.listen.ca };
  const { key, cert } = node.listen;
  const options = { host: '127.0.0.1', port: 0, alpn: ALPN, key, cert, ...trust, ...changes };
  const listener = await listenQuic(options, (connection) => {
    connections.push(connection);
    connection.onStream = (stream) => onStream(stream, connection);
  });
  t.after(() => listener.close());
  return { listener, connections, port: listener.address.port };
}

async function dial(
  t: TestContext,
  node: Node,
  port: number,
  changes: Partial<QuicDialOptions> = {},
  signal?: AbortSignal,
) {
  const connection = await dialQuic({ host: '127.0.0.1', port, alpn: ALPN, ...node.dial, ...changes }, signal);
  t.after(() => connection.close());
  return connection;
}

async function ask(connection: QuicConnection, bytes: Uint8Array): Promise<Buffer> {
  const stream = await connection.openStream();
  stream.end(bytes);
  return buffer(stream);
}

const bytesOf = (length: number, seed = 1) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff));

/** The streams that the peer opens, in order. */
function incoming(connection: QuicConnection): Promise<Duplex> {
  return new Promise((resolve) => {
    connection.onStream = resolve;
  });
}

describe('a QUIC connection', () => {
  test('carries what is written to its streams, both ways', async (t) => {
    const node = await makeNode(t);
    const { port, connections } = await listen(t, node);
    const connection = await dial(t, node, port);
    const bytes = bytesOf(3_000_000);
    assert.ok((await ask(connection, bytes)).equals(bytes));
    assert.deepEqual(connection.remote, { host: '127.0.0.1', port });
    assert.equal(connections[0]?.remote.host, '127.0.0.1');
  });

  test('brings streams that the server opens, also those that came before anybody wanted them', async (t) => {
    const node = await makeNode(t);
    const { port, connections } = await listen(t, node);
    const connection = await dial(t, node, port);
    await until('the server has it', () => connections.length);
    const stream = await connections[0]!.openStream();
    stream.end('hello');
    assert.equal((await ask(connection, Buffer.from('later'))).toString(), 'later');
    assert.equal((await buffer(await within('the stream', incoming(connection)))).toString(), 'hello');
  });

  test('carries many streams at a time, and any number one after another', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node);
    const connection = await dial(t, node, port);
    for (let round = 0; round < 3; round++) {
      const bodies = Array.from({ length: 200 }, (_, i) => bytesOf(100 + i, i));
      const answers = await within('all answers', Promise.all(bodies.map((body) => ask(connection, body))));
      assert.ok(answers.every((answer, i) => answer.equals(bodies[i]!)));
    }
  });

  test('refuses a stream too many and goes on', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node, { onStream: (stream) => stream.on('data', () => {}) });
    const connection = await dial(t, node, port);
    const open = Array.from({ length: 300 }, async () => (await connection.openStream()).write('x'));
    const ends = await Promise.allSettled(open);
    assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 256);
    assert.ok(ends.every((end) => end.status === 'fulfilled' || end.reason instanceof Error));
  });

  test('tells both sides when it is closed by one, and opens no more streams', async (t) => {
    const node = await makeNode(t);
    const { port, connections, listener } = await listen(t, node);
    const [one, other] = [await dial(t, node, port), await dial(t, node, port)];
    const stream = await one.openStream();
    stream.write('x');
    await until('the server has both', () => connections.length === 2);
    one.close();
    one.close();
    assert.match((await within('the end', connections[0]!.closed)).message, /closed/);
    await assert.rejects(one.openStream(), /closed/);
    assert.ok(stream.destroyed);
    await listener.close();
    assert.match((await within('the end', other.closed)).message, /closed/);
    await assert.rejects(connections[1]!.openStream(), /closed/);
  });
});

describe('a QUIC stream', () => {
  test('that is ended by one side is open in the other direction', async (t) => {
    const node = await makeNode(t);
    const late = (stream: Duplex) => {
      stream.resume().once('end', async () => {
        await sleep(50);
        stream.write('well');
        await sleep(50);
        stream.end('!');
      });
    };
    const { port } = await listen(t, node, { onStream: late });
    assert.equal((await ask(await dial(t, node, port), Buffer.from('well?'))).toString(), 'well!');
  });

  test('that is destroyed fails at the peer, without ending its process or its connection', async (t) => {
    const node = await makeNode(t);
    const streams: Duplex[] = [];
    const { port } = await listen(t, node, { onStream: (stream) => void streams.push(stream.resume()) });
    const connection = await dial(t, node, port);
    const [mine, yours] = [await connection.openStream(), await connection.openStream()];
    for (const stream of [mine, yours]) stream.write('x');
    await until('both came', () => streams.length === 2);
    mine.destroy();
    await until('the peer learns of it', () => streams[0]!.destroyed);
    assert.match(String(streams[0]!.errored), /reset/i);
    const failed = once(yours, 'error');
    streams[1]!.destroy(new Error('no'));
    assert.match(String((await within('the failure', failed))[0]), /reset/i);
    const another = await connection.openStream();
    another.write('x');
    await until('another came', () => streams.length === 3);
  });

  test('that nobody reads takes no more memory than is allowed', async (t) => {
    const node = await makeNode(t);
    const streams: Duplex[] = [];
    const { port } = await listen(t, node, { onStream: (stream) => void streams.push(stream) });
    const connection = await dial(t, node, port);
    const stream = await connection.openStream();
    const piece = Buffer.alloc(1024 * 1024);
    let written = 0;
    while (!stream.destroyed && written < 4 * MOST_UNREAD) {
      await new Promise((resolve) => stream.write(piece, resolve));
      written += piece.length;
      await sleep(2);
    }
    await until('it ends', () => streams[0]!.destroyed);
    assert.match(String(streams[0]!.errored), /wait to be read/);
    (await connection.openStream()).write('x');
    await until('the connection goes on', () => streams.length === 2);
  });
});

describe('over a lossy path QUIC', () => {
  test('does not hang when streams are written to as they are read', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node);
    const relay = await openLossyRelay(t, port, { loss: 0.1, delay: 5, largest: 1472, seed: 7 });
    const connection = await dial(t, node, relay.port);
    const stream = await connection.openStream();
    const total = 3_000_000;
    let received = 0;
    // Each piece that arrives is answered by one as long: both ends write from within their 'data' handlers.
    stream.on('data', (bytes: Uint8Array) => {
      received += bytes.length;
      if (received < total) stream.write(bytes);
    });
    for (let i = 0; i < 200; i++) stream.write(bytesOf(1200));
    await until('three million bytes came back', () => received >= total, 20_000);
    assert.ok(relay.up.traffic.lost > 0 && relay.down.traffic.lost > 0);
  });

  test('answers on fresh streams mostly in time', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node);
    const relay = await openLossyRelay(t, port, { delay: 20, jitter: 5, largest: 1472, seed: 11 });
    const connection = await dial(t, node, relay.port);
    for (const direction of [relay.up, relay.down]) direction.impairment = { ...direction.impairment, loss: 0.1 };
    const times = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await sleep(i * 20);
        const from = performance.now();
        await within('an answer', ask(connection, bytesOf(1200)));
        return performance.now() - from;
      }),
    );
    const inTime = times.filter((time) => time <= 400).length;
    assert.ok(inTime >= 80, `${inTime} of 100 within 400 ms`);
  });

  test('sends packets that fit the path', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node);
    const relay = await openLossyRelay(t, port, { largest: 1472 });
    const connection = await dial(t, node, relay.port);
    const bytes = bytesOf(2_000_000);
    assert.ok((await within('the echo', ask(connection, bytes))).equals(bytes));
    for (const { traffic } of [relay.up, relay.down]) {
      assert.ok(traffic.tooLarge < 50, `${traffic.tooLarge} packets were lost to finding out`);
    }
  });
});

describe('QUIC lets in', () => {
  test('whoever shows a certificate of the authority, and tells who it is', async (t) => {
    const node = await makeNode(t);
    const { port, connections } = await listen(t, node);
    await ask(await dial(t, node, port), Buffer.from('x'));
    assert.equal(node.nodeOf(connections[0]!.peerCertificate), node.id);
  });

  const refusals = {
    'nobody without a certificate': () => ({ cert: undefined, key: undefined }),
    'nobody with a certificate of another authority': ({ dial: { cert, key } }: Node) => ({ cert, key }),
  };
  for (const [name, credentials] of Object.entries(refusals)) {
    test(name, async (t) => {
      const [node, stranger] = [await makeNode(t), await makeNode(t)];
      const { port, connections } = await listen(t, node);
      const connection = await dial(t, node, port, credentials(stranger) as object);
      assert.match((await within('the end', connection.closed)).message, /certificate/);
      assert.equal(connections.length, 0);
    });
  }
});

describe('a QUIC client', () => {
  test('connects to nobody who is not of the pinned authority', async (t) => {
    const [node, stranger] = [await makeNode(t), await makeNode(t)];
    const { port } = await listen(t, node);
    await assert.rejects(dial(t, node, port, { ca: stranger.dial.ca }), /not from the expected authority/);
  });

  test('connects to nobody under another name', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node);
    await assert.rejects(dial(t, node, port, { serverName: 'somebody.else' }), /does not fit the name/);
  });

  test('connects to nobody who shows the certificate of a node that was let in', async (t) => {
    const node = await makeNode(t);
    const { cert, key } = node.dial;
    const { port } = await listen(t, { ...node, listen: { ...node.listen, cert, key } });
    await assert.rejects(dial(t, node, port), /QUIC refused/);
  });

  test('connects to nobody who speaks another protocol', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node);
    await assert.rejects(dial(t, node, port, { alpn: ['other/1'], timeout: 500 }));
  });

  test('gives up in time where nobody answers', async (t) => {
    const node = await makeNode(t);
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    t.after(() => silent.close());
    await once(silent, 'listening');
    await assert.rejects(dial(t, node, silent.address().port, { timeout: 300 }), /timed out after 300 ms/);
    await assert.rejects(dial(t, node, silent.address().port, {}, AbortSignal.timeout(300)), /timeout/i);
    await assert.rejects(dial(t, node, silent.address().port, {}, AbortSignal.abort()), /abort/i);
    await assert.rejects(dial(t, node, 1, { timeout: 300 }), /timed out after 300 ms/);
  });

  test('says that a host has no address', async (t) => {
    await assert.rejects(dial(t, await makeNode(t), 4242, { host: 'nowhere.invalid' }), /nowhere\.invalid/);
  });

  test('speaks with the original cloud node, whose certificate nobody knows', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node, { alpn: ['quic-echo-server'], isOpen: true });
    const connection = await dialQuic({ host: '127.0.0.1', port, alpn: ['quic-echo-server'], verify: false });
    t.after(() => connection.close());
    assert.equal((await ask(connection, Buffer.from('x'))).toString(), 'x');
    await assert.rejects(
      dialQuic({ host: '127.0.0.1', port, alpn: ['quic-echo-server'] }),
      /not from the expected authority/,
    );
  });
});

describe('a QUIC connection lives', () => {
  test('as long as the path does, without a word', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node, { idle: 600 });
    const connection = await dial(t, node, port, { idle: 600 });
    await sleep(1500);
    assert.equal((await ask(connection, Buffer.from('x'))).toString(), 'x');
  });

  test('not longer than the idle time behind a dead path, on both sides, and a new one is made when it is back', async (t) => {
    const node = await makeNode(t);
    const { port, connections } = await listen(t, node, { idle: 600 });
    const relay = await openLossyRelay(t, port);
    const connection = await dial(t, node, relay.port, { idle: 600 });
    await ask(connection, Buffer.from('x'));
    for (const direction of [relay.up, relay.down]) direction.impairment = { loss: 1 };
    const reasons = await within('the end', Promise.all([connection.closed, connections[0]!.closed]), 5000);
    assert.ok(
      reasons.every((reason) => /idle/.test(reason.message)),
      reasons.map(String).join(),
    );
    for (const direction of [relay.up, relay.down]) direction.impairment = {};
    assert.equal((await ask(await dial(t, node, relay.port), Buffer.from('y'))).toString(), 'y');
  });

  test('again after the server was restarted', async (t) => {
    const node = await makeNode(t);
    const { port, listener } = await listen(t, node);
    const relay = await openLossyRelay(t, port);
    const connection = await dial(t, node, relay.port);
    await listener.close();
    await within('the end', connection.closed);
    await listen(t, node, { port });
    assert.equal((await ask(await dial(t, node, relay.port), Buffer.from('x'))).toString(), 'x');
  });
});

describe('a QUIC listener', () => {
  test('says that its port is taken', async (t) => {
    const node = await makeNode(t);
    const { port } = await listen(t, node);
    await assert.rejects(listen(t, node, { port }), ({ code, message }: NodeJS.ErrnoException) => {
      return code === 'EADDRINUSE' && message.includes(`127.0.0.1:${port} (UDP): another program`);
    });
  });

  test('takes both families when no address is given', async (t) => {
    const node = await makeNode(t);
    const { listen: credentials } = node;
    const listener = await listenQuic({ port: 0, alpn: ALPN, ...credentials }, (connection) => {
      connection.onStream = echo;
    });
    t.after(() => listener.close());
    for (const host of ['127.0.0.1', '::1', 'localhost']) {
      const connection = await dial(t, node, listener.address.port, { host });
      assert.equal((await ask(connection, Buffer.from(host))).toString(), host);
    }
  });

  test('is gone when it is closed, at once and for good', async (t) => {
    const node = await makeNode(t);
    const { port, listener } = await listen(t, node);
    await dial(t, node, port);
    await within('the end', listener.close(), 2000);
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    await once(socket, 'listening');
    socket.close();
  });
});
