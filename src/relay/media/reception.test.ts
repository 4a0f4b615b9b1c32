import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { EdgeEnd } from '../link/edge-end.ts';
import { StreamSender } from '../link/stream-sender.ts';
import { newMediaKeys, sealWith } from './media-cipher.ts';
import { Reception, type ReceptionOptions } from './reception.ts';

const SSRC = 7;

/** An edge and a stream that it may receive. */
class Stage {
  now = SECOND;
  readonly end = new EdgeEnd(() => {}, this.now);
  readonly #keys = newMediaKeys();
  readonly #sender = new StreamSender({ ssrc: SSRC, seal: sealWith(this.#keys), latency: 0 });
  readonly #position = this.#sender.position;

  constructor() {
    this.end.path.learn({ item: 'pong', sent: this.now, received: this.now, held: 0 }, this.now);
    const media = (packet: Uint8Array) => this.end.receiveMedia(Uint8Array.from(packet), this.now);
    this.#sender.attach({ media, heartbeat() {} });
  }

  push(): void {
    this.#sender.push({ kind: 'video', startable: true, bytes: new Uint8Array(100) }, this.now);
    this.now += 10 * MILLISECOND;
    this.#sender.poll(this.now);
  }

  receive(calls: Pick<ReceptionOptions, 'onRecord' | 'onLost'>): Reception {
    const [key, salt] = [base64(this.#keys.key), base64(this.#keys.salt)];
    const grant = { ssrc: SSRC, ...this.#position, records: 0, key, salt };
    const options = { path: 'v/live/movie', grant, latency: 0, fec: 'off' as const, ...calls };
    return new Reception(this.end, () => this.now, options);
  }
}

test('what overtook the answer that grants a stream is handed over, and what comes then', () => {
  const stage = new Stage();
  stage.push();
  const records: unknown[] = [];
  const reception = stage.receive({
    onRecord: (record) => void records.push(record),
    onLost: (reason) => assert.fail(reason),
  });
  assert.equal(records.length, 1);
  stage.push();
  stage.end.poll(stage.now);
  assert.equal(records.length, 2);
  reception.close();
});

test('a fault in what is made of its records ends a stream, and nothing else', () => {
  const stage = new Stage();
  const reasons: string[] = [];
  const onRecord = () => {
    throw new Error('no such track');
  };
  const reception = stage.receive({ onRecord, onLost: ({ message }) => void reasons.push(message) });
  stage.push();
  stage.end.poll(stage.now);
  assert.deepEqual(reasons, ['no such track']);
  reception.close();
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
