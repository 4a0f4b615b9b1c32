import assert from 'node:assert/strict';
import { createPublicKey, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { toHex } from '../../src/base/bytes.ts';
import { Identity } from '../../src/cluster/identity.ts';
import { RTP_HEADER, readRtp, writeRtpHeader } from '../../src/container/rtp/packet.ts';
import { dialQuic, listenQuic, type QuicConnection, type QuicListenOptions } from '../../src/net/quic.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { systemClock } from '../../src/ops/system-clock.ts';
import { RepairLane } from '../../src/relay/legacy/repair-lane.ts';
import { serveRepairs } from '../../src/relay/legacy/repair-service.ts';
import { REPAIR_ALPN, repairRequest } from '../../src/relay/legacy/wire/repair.ts';
import { dialByOther, listenByOther, needsOtherQuic } from '../peers/other-quic.ts';
import { temporaryFolder } from '../support/ffmpeg.ts';
import { until } from '../support/until.ts';

const ALPN = ['headwater/1'];
const SSRC = 1_020_304;

/** Who listens and who dials, each with a certificate of the one's authority. */
async function nodes(t: TestContext) {
  const origin = Identity.open(await temporaryFolder(t));
  const edge = Identity.open(await temporaryFolder(t));
  const { ca, key, cert } = origin.credentials();
  edge.keep('origin', { certificate: origin.admit(createPublicKey(edge.publicKey)), authority: ca });
  return { origin: { ca, key, cert }, edge: edge.credentialsFor('origin')!, edgeId: edge.nodeId };
}

async function listen(
  t: TestContext,
  options: Pick<QuicListenOptions, 'alpn' | 'cert' | 'key' | 'ca'>,
  onConnection: (connection: QuicConnection) => void,
): Promise<number> {
  const listener = await listenQuic({ host: '127.0.0.1', port: 0, ...options }, onConnection);
  t.after(() => listener.close());
  return listener.address.port;
}

function packet(sequence: number): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER + 1000).fill(7);
  writeRtpHeader(bytes, { marker: true, payloadType: 100, sequence, timestamp: 0, ssrc: SSRC });
  return bytes;
}

describe('with another QUIC library', { concurrency: true }, () => {
  test('our listener exchanges streams, both sides knowing each other', needsOtherQuic(), async (t) => {
    const { origin, edge, edgeId } = await nodes(t);
    const seen: (string | undefined)[] = [];
    const port = await listen(t, { ...origin, alpn: ALPN }, (connection) => {
      seen.push(connection.peerCertificate?.subject);
      connection.onStream = (stream) => {
        stream.on('data', (bytes: Uint8Array) => stream.write(bytes)).on('end', () => stream.end());
      };
    });
    const plan = { ...edge, port, alpn: ALPN, streams: 4, bytes: 200_000 };
    assert.deepEqual(await dialByOther(t, 'dial', plan), { streams: 4 });
    assert.deepEqual(seen, [`CN=${edgeId}`]);
  });

  test('so does our side when it dials', needsOtherQuic(), async (t) => {
    const { origin, edge } = await nodes(t);
    const port = await listenByOther(t, 'listen', { ...origin, alpn: ALPN });
    const connection = await dialQuic({ host: '127.0.0.1', port, alpn: ALPN, ...edge });
    t.after(() => connection.close());
    const echoed = Array.from({ length: 4 }, async () => {
      const [stream, sent] = [await connection.openStream(), randomBytes(200_000)];
      stream.end(sent);
      assert.ok(sent.equals(await buffer(stream)));
    });
    await Promise.all(echoed);
  });

  test('an authority that is not the expected one is refused by either', needsOtherQuic(), async (t) => {
    const [{ origin }, { edge }] = await Promise.all([nodes(t), nodes(t)]);
    const theirs = await listenByOther(t, 'listen', { ...origin, alpn: ALPN });
    await assert.rejects(dialQuic({ host: '127.0.0.1', port: theirs, alpn: ALPN, ...edge }), /QUIC/);
    let connections = 0;
    const ours = await listen(t, { ...origin, alpn: ALPN }, () => connections++);
    const plan = { ...edge, port: ours, alpn: ALPN, streams: 1, bytes: 10 };
    await assert.rejects(dialByOther(t, 'dial', plan));
    assert.equal(connections, 0);
  });

  test('our repair service answers an edge', needsOtherQuic(), async (t) => {
    const { origin } = await nodes(t);
    const { key, cert } = origin;
    const port = await listen(t, { key, cert, alpn: [REPAIR_ALPN] }, (connection) => {
      serveRepairs(connection, ({ ssrc, sequence }) => (ssrc === SSRC && sequence < 5 ? packet(sequence) : undefined));
    });
    const asked = [3, 9, 4].map((sequence) => toHex(repairRequest({ ssrc: SSRC, sequence })));
    const expected = [3, 4].map((sequence) => toHex(packet(sequence))).join('');
    const plan = { port, alpn: [REPAIR_ALPN], requests: asked.join(''), replies: expected.length / 2 };
    const { lengths, packets } = await dialByOther<Record<'lengths' | 'packets', string>>(t, 'ask', plan);
    assert.deepEqual({ lengths, packets }, { lengths: '03f4000003f4', packets: expected });
  });

  test('our edge gets its repairs from a cloud', needsOtherQuic(), async (t) => {
    const { origin } = await nodes(t);
    const { key, cert } = origin;
    const plan = { key, cert, alpn: [REPAIR_ALPN], packet: toHex(packet(0)) };
    const port = await listenByOther(t, 'answer', plan);
    const came: Uint8Array[] = [];
    const lane = new RepairLane({
      clock: systemClock,
      log: silentLogger,
      dial: (signal) => dialQuic({ host: '127.0.0.1', port, alpn: [REPAIR_ALPN], verify: false }, signal),
      onPacket: (bytes) => came.push(bytes),
    });
    t.after(() => lane.close());
    lane.ask([11, 12, 13].map((sequence) => ({ ssrc: SSRC, sequence })));
    await until('three packets come', () => came.length === 3);
    lane.ask([{ ssrc: SSRC, sequence: 14 }]);
    await until('one more comes', () => came.length === 4);
    assert.deepEqual(
      came.map((bytes) => readRtp(bytes).sequence),
      [11, 12, 13, 14],
    );
  });
});
