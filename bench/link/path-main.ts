/**
 * The impaired path, in a process of its own: `path-main.ts {"loss":0.1,…}` with a `PathPlan` (path.ts). Prints one line of JSON
 * when it is passable, and one for every command that it reads: `report` tells what has passed, `outage MS` has nothing pass for
 * so long and is answered at its end. It ends with its input.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Direction } from '../../test/support/lossy-relay.ts';
import { type Meter, meterOf } from './meter.ts';
import { now } from './moment.ts';
import { type Opened, type PathPlan, RELAY_ADDRESS, type Report, type Traffic } from './path.ts';

const LOOPBACK = '127.0.0.1';
const IP_UDP = 28;
const SOCKET_BUFFER = 4 * 1024 * 1024;

/** One way of the path: counts what enters, and passes on what survives. */
class Lane {
  readonly #direction: Direction;
  /** For what is spared. */
  readonly #spare: Direction | undefined;
  readonly #meter: Meter;
  readonly #withoutRepairs: boolean;
  readonly #counted = { packets: 0, bytes: 0, media: 0, mediaPackets: 0, mediaLost: 0 };

  constructor({ kind, withoutRepairs = false, spareRepairs = false, seed, ...impairment }: PathPlan, odd: number) {
    this.#direction = new Direction(2 * seed + odd, impairment);
    if (spareRepairs) this.#spare = new Direction(2 * seed + odd, { ...impairment, loss: 0 });
    this.#meter = meterOf(kind);
    this.#withoutRepairs = withoutRepairs;
  }

  /** Takes an IPv4 packet. */
  pass(packet: Uint8Array, send: () => void): void {
    const content = this.#meter(packet);
    if (content === 'repair' && this.#withoutRepairs) return;
    const [counted, lostBefore] = [this.#counted, this.#lost];
    counted.packets++;
    counted.bytes += packet.length;
    const direction = content === 'media' ? this.#direction : (this.#spare ?? this.#direction);
    direction.pass(packet.length - IP_UDP, send);
    if (content !== 'media') return;
    counted.media += packet.length;
    counted.mediaPackets++;
    counted.mediaLost += this.#lost - lostBefore;
  }

  get traffic(): Traffic {
    return { ...this.#counted };
  }

  get #lost(): number {
    const { lost, overflowed } = this.#direction.traffic;
    return lost + overflowed;
  }

  async outage(milliseconds: number): Promise<void> {
    const { impairment } = this.#direction;
    this.#direction.impairment = { ...impairment, loss: 1, burst: 1 };
    await sleep(milliseconds);
    this.#direction.impairment = impairment;
  }
}

const plan = JSON.parse(process.argv[2]!) as PathPlan;
/** From the origin to the edge, and back. */
const [down, up] = [new Lane(plan, 0), new Lane(plan, 1)];
console.log(JSON.stringify(await (plan.tunnel === undefined ? relay(plan.ports) : tunnel(plan.tunnel))));

for await (const line of createInterface(process.stdin)) {
  const [command, milliseconds] = line.split(' ');
  if (command === 'outage') await Promise.all([down, up].map((lane) => lane.outage(Number(milliseconds))));
  console.log(JSON.stringify({ at: now(), down: down.traffic, up: up.traffic } satisfies Report));
}
process.exit(0);

/** Between two namespaces: see tun-pair.c. */
async function tunnel(program: string): Promise<Opened> {
  const [a, b] = await Promise.all([bind(LOOPBACK, 0), bind(LOOPBACK, 0)]);
  const ports = [a, b].map((socket) => String(socket.address().port));
  const child = spawn(program, ports, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ends = JSON.parse(await firstLine(child)) as Record<'a' | 'b', { pid: number; port: number }>;
  child.on('exit', () => process.exit());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.stdin.end());
  a.on('message', (packet) => down.pass(packet, () => send(b, packet, ends.b.port)));
  b.on('message', (packet) => up.pass(packet, () => send(a, packet, ends.a.port)));
  return { origin: ends.a.pid, edge: ends.b.pid };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface(child.stdout!);
  const ended = once(child, 'exit').then(() => {
    throw new Error('there is no right to make network namespaces here');
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return line;
}

/** Where there are no namespaces: what is sent to a port of another address of loopback goes to the same port of the usual one. */
async function relay(ports: readonly number[]): Promise<Opened> {
  await Promise.all(ports.flatMap((port) => [relayPort(port), passTcp(port)]));
  return {};
}

/** Nodes ask by TCP to be let in; nothing happens to that. */
async function passTcp(port: number): Promise<void> {
  const server = createServer((socket) => {
    const onward = connect({ port, host: LOOPBACK });
    for (const [each, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      each.on('error', () => other.destroy()).pipe(other);
    }
  });
  await once(server.listen(port, RELAY_ADDRESS), 'listening');
}

async function relayPort(port: number): Promise<void> {
  const front = await bind(RELAY_ADDRESS, port);
  const backs = new Map<number, Promise<Socket>>();
  const open = async (client: number): Promise<Socket> =>
    (await bind(LOOPBACK, 0)).on('message', (bytes) => down.pass(asPacket(bytes), () => send(front, bytes, client)));
  front.on('message', (bytes, client) => {
    const back = backs.get(client.port) ?? open(client.port);
    backs.set(client.port, back);
    up.pass(asPacket(bytes), () => void back.then((socket) => send(socket, bytes, port)));
  });
}

/** A datagram as the IPv4 packet that it is on a wire, as far as anybody looks. */
function asPacket(payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(IP_UDP + payload.length);
  [packet[0], packet[9]] = [0x45, 17];
  packet.set(payload, IP_UDP);
  return packet;
}

async function bind(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: SOCKET_BUFFER, sendBufferSize: SOCKET_BUFFER });
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

function send(socket: Socket, bytes: Uint8Array, port: number): void {
  // What cannot be sent is lost, as on any path.
  socket.send(bytes, port, LOOPBACK, () => {});
}
