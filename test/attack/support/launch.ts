import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { Attack, Scene, Script, Target } from './attack.ts';
import { CONTROL_STREAM, RtmpPeer } from './rtmp-peer.ts';
import { Wire } from './wire.ts';

/** All deadlines of the server under attack, in milliseconds. */
export const DEADLINE = 3000;
/** What is refused at once must be closed well before any deadline would close it. */
const AT_ONCE = 2000;
/** A deadline and what the machine may take beyond it, in milliseconds: Node looks after HTTP's in steps. */
export const IN_TIME = DEADLINE + 5000;

let count = 0;

/** Does to the server what an attack says; rejects when anything but its outcome comes of it. */
export async function launch(attack: Attack | Scene, target: Target): Promise<void> {
  if ('play' in attack) return attack.play(target);
  if (attack.on === 'http') return byHttp(attack, target);
  return byRtmp(attack, target);
}

async function byRtmp({ from, send, expect }: Attack, target: Target): Promise<void> {
  if (from === 'tcp') {
    const wire = await Wire.open(target.rtmp);
    await run(wire, send());
    await judge(wire, expect, () => Promise.resolve());
    return wire.close();
  }
  const peer = await RtmpPeer.open(target, from, `victim-${++count}`);
  await run(peer.wire, send());
  await judge(peer.wire, expect, async () => void (await peer.ask('areYouThere')));
  peer.close();
}

async function byHttp({ from, send, expect }: Attack, target: Target): Promise<void> {
  const wire = await Wire.open(target.http);
  if (from === 'websocket') await upgrade(wire);
  const answer = firstBytes(wire);
  await run(wire, send());
  if (typeof expect === 'number') assert.equal(Number(/^HTTP\/1.1 (\d+)/.exec(await answer)?.[1]), expect);
  else await judge(wire, expect, () => hearsMore(wire));
  wire.close();
}

async function run(wire: Wire, script: Script): Promise<void> {
  for (const step of script) {
    if (wire.isEnded) return;
    if (typeof step === 'number') await sleep(step);
    else await wire.send(step);
  }
}

async function judge(wire: Wire, expect: Attack['expect'], probe: () => Promise<void>): Promise<void> {
  const began = performance.now();
  switch (expect) {
    case 'closed':
      assert.ok(await wire.endsWithin(AT_ONCE), 'the connection must be closed at once');
      break;
    case 'expired':
      assert.ok(await wire.endsWithin(IN_TIME), 'the connection must be closed in time');
      break;
    case 'either':
      await Promise.race([probe().catch(() => wire.ended), wire.ended]);
      assert.ok(performance.now() - began < AT_ONCE, 'the connection must be served or closed at once');
      break;
    default:
      await probe();
      assert.ok(!wire.isEnded, 'the connection must be left alone');
  }
}

/** What stands at the beginning of the answer; empty when the server closes without one. */
async function firstBytes(wire: Wire): Promise<string> {
  let text = '';
  wire.socket.on('data', (bytes: Buffer) => (text = text.length < 4096 ? text + bytes.toString('latin1') : text));
  await until('an answer', () => text.includes('\r\n') || wire.isEnded);
  return text;
}

/** A viewer that is left alone goes on to receive frames. */
async function hearsMore(wire: Wire): Promise<void> {
  const before = wire.received;
  await until('more frames', () => wire.received > before + 4096 || wire.isEnded);
}

/** Opens the control stream by WebSocket. */
export async function upgrade(wire: Wire, stream = CONTROL_STREAM): Promise<void> {
  const answer = firstBytes(wire);
  await wire.send(webSocketRequest(`/live/${stream}.flv`));
  assert.match(await answer, /^HTTP\/1.1 101/);
}

/** The request that opens a WebSocket (RFC 6455, 4.1), with headers replaced or, if undefined, left out. */
export function webSocketRequest(path: string, headers: Readonly<Record<string, string | undefined>> = {}): string {
  const all: Record<string, string | undefined> = {
    Host: 'x',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
