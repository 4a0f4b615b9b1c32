import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { Random } from '../../../test/fuzz/random.ts';
import { MILLISECOND, VirtualClock } from '../../base/clock.ts';
import { readRtp } from '../../container/rtp/packet.ts';
import type { QuicConnection } from '../../net/quic.ts';
import { silentLogger } from '../../ops/log.ts';
import { PacketCache } from './packet-cache.ts';
import { serveRepairs } from './repair-service.ts';
import { Repairs } from './repairs.ts';
import { FIRST_SEQUENCE, LegacyPacketizer } from './wire/packetizer.ts';
import { LegacyReceiver } from './wire/receiver.ts';
import { bareTag } from './wire/tag.ts';

/** Milliseconds. */
const ONE_WAY = 20;
/** How much later QUIC sends again what was lost: RFC 9002's probe timeout at this round trip. */
const PROBE = 85;
const VIDEO_EVERY = 40;
const KEY_FRAME_EVERY = 50;
const SECONDS = 10;
const NOTHING = new Uint8Array(0);
const SSRC = 1;
/** Packets that leave in a millisecond: a key frame takes eight. */
const A_TURN = 32;

/** What the path does. */
interface Path {
  readonly clock: VirtualClock;
  /** Of media, and of QUIC's packets both ways. */
  readonly loses: { readonly media: () => boolean; readonly quic: () => boolean };
}

/** One way of a connection: what comes behind something that was lost waits for it. */
function pipe({ clock, loses }: Path, from: Duplex, to: Duplex): void {
  let newest = 0;
  from.on('data', (bytes: Uint8Array) => {
    const delay = (ONE_WAY + (loses.quic() ? PROBE : 0)) * MILLISECOND;
    newest = Math.max(newest, clock.now() + delay);
    clock.after(newest - clock.now(), () => to.write(bytes));
  });
}

/** A connection to a service that has packets, over the path. */
function connect(path: Path, cache: PacketCache): QuicConnection {
  const stream = (): [Duplex, Duplex] => {
    const [near, nearEnd] = duplexPair();
    const [far, farEnd] = duplexPair();
    pipe(path, nearEnd, farEnd);
    pipe(path, farEnd, nearEnd);
    return [near, far];
  };
  const end = (open: () => Duplex, other: () => QuicConnection, there: Duplex): QuicConnection => ({
    remote: { host: '', port: 0 },
    peerCertificate: undefined,
    closed: new Promise<Error>(() => {}),
    close() {},
    onStream() {},
    async openStream() {
      queueMicrotask(() => other().onStream(there));
      return open();
    },
  });
  const [requests, packets] = [stream(), stream()];
  const edge: QuicConnection = end(
    () => requests[0],
    () => cloud,
    requests[1],
  );
  const cloud: QuicConnection = end(
    () => packets[0],
    () => edge,
    packets[1],
  );
  serveRepairs(cloud, ({ sequence }) => cache.find(sequence));
  return edge;
}

/** The frames of a stream of so many kbit/s: every tag with its time, key frames ten times as large as the others. */
function tagsAt(time: number, kilobits: number): Uint8Array[] {
  const tags: Uint8Array[] = [];
  const picture = time / VIDEO_EVERY;
  const isKey = picture % KEY_FRAME_EVERY === 0;
  const size = Math.round((kilobits / 8) * 2000 * ((isKey ? 10 : 1) / (KEY_FRAME_EVERY + 9)));
  const body = new Uint8Array(size);
  body.set([isKey ? 0x17 : 0x27, 1]);
  if (time % VIDEO_EVERY === 0) tags.push(bareTag('video', time, NOTHING, body));
  if (time % 21 === 0) tags.push(bareTag('audio', time, NOTHING, Uint8Array.of(0xaf, 1)));
  return tags;
}

/** How late the latest tag comes, in milliseconds beyond what the path takes, and what became of the packets. */
async function lagOf(kilobits: number, loss: number, quicLoss: number, seed: number) {
  const [clock, random] = [new VirtualClock(), new Random(seed)];
  const happens = (share: number) => () => random.below(2 ** 20) < share * 2 ** 20;
  const path: Path = { clock, loses: { media: happens(loss), quic: happens(quicLoss) } };
  const [packetizer, cache] = [new LegacyPacketizer(SSRC, 0), new PacketCache(5000)];
  let lag = 0;
  const receiver = new LegacyReceiver({ deadline: 3000 * MILLISECOND, repair: true }, (tag) => {
    lag = Math.max(lag, clock.now() / MILLISECOND - ONE_WAY - tag.timestamp);
  });
  const receive = (packet: Uint8Array) => receiver.push(readRtp(packet), clock.now());
  const repairs = new Repairs({ clock, log: silentLogger, dial: async () => connect(path, cache), onPacket: receive });
  // So that the connections are there.
  repairs.ask(SSRC, [FIRST_SEQUENCE]);
  const waiting: Uint8Array[] = [];
  for (let time = 0; time < SECONDS * 1000; time++) {
    waiting.push(...tagsAt(time, kilobits).flatMap((tag) => packetizer.packetize(tag)));
    for (const packet of waiting.splice(0, A_TURN)) {
      cache.add(readRtp(packet).sequence, packet);
      if (!path.loses.media()) clock.after(ONE_WAY * MILLISECOND, () => receive(packet));
    }
    clock.advance(MILLISECOND);
    receiver.again = repairs.again;
    const wanted = receiver.poll(clock.now());
    if (wanted.length > 0) repairs.ask(SSRC, wanted);
    await new Promise(setImmediate);
  }
  repairs.close();
  return { lag, ...receiver.counters };
}
/** A quarter of the lag that the original nodes had at the same rate, loss and round trip. */
const cases: [kilobits: number, loss: number, most: number][] = [
  [6000, 0.01, 82],
  [900, 0.05, 212],
];

for (const [kilobits, loss, most] of cases)
  for (const [what, quicLoss] of [
    ['none of what is said by QUIC', 0],
    ['as much of what is said by QUIC', loss],
  ] as const)
    test(`${kilobits} kbit/s, ${100 * loss} % lost, and ${what}: nothing comes late`, async () => {
      for (const seed of [1, 2, 3]) {
        const { lag, abandoned, repaired } = await lagOf(kilobits, loss, quicLoss, seed);
        assert.ok(lag <= most && repaired > 40, `${lag} ms with seed ${seed}`);
        assert.equal(abandoned, 0);
      }
    });
