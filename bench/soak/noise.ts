import { connect, type Socket } from 'node:net';
import type { Dice } from './dice.ts';
import type { Tally } from './tally.ts';

/** Between two strangers, in milliseconds. */
const PAUSE = [100, 600] as const;
/** How long a stranger stays if it is let, in milliseconds. */
const STAY = [0, 6000] as const;
const HANDSHAKE = 1536;

/** What a {@link Noise} needs. */
export interface NoiseOptions {
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly dice: Dice;
  readonly tally: Tally;
}

/** What strangers say: nothing, the beginning of something, or rubbish. */
const WORDS: readonly ((dice: Dice) => Uint8Array | string)[] = [
  () => '',
  (dice) => dice.bytes(dice.between(1, 4096)),
  (dice) => [3, ...dice.bytes(dice.between(0, HANDSHAKE))].map((byte) => String.fromCharCode(byte)).join(''),
  (dice) => Uint8Array.of(3, ...dice.bytes(dice.between(0, HANDSHAKE))),
  (dice) => Uint8Array.of(3, ...dice.bytes(2 * HANDSHAKE + dice.between(0, 2048))),
  () => 'GET /live/nobody.flv HTTP/1.1\r\nHost: x\r\n\r\n',
  (dice) => 'GET /live/nobody.flv HTTP/1.1\r\nHost: x\r\n'.slice(0, dice.between(1, 40)),
  (dice) => `GET /${'%'.repeat(dice.between(1, 20))} HTTP/1.1\r\nHost: x\r\n\r\n`,
  (dice) => `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: ${dice.below(2 ** 31)}\r\n\r\n{`,
  (dice) => `GET /live/a.flv HTTP/1.1\r\nX: ${'y'.repeat(dice.between(1, 40_000))}\r\n\r\n`,
];

/** Strangers who connect and talk rubbish, one after another. */
export class Noise {
  readonly #options: NoiseOptions;
  readonly #sockets = new Set<Socket>();

  constructor(options: NoiseOptions) {
    this.#options = options;
  }

  /** Sends them until `signal` aborts; those who are left are gone then. */
  async run(signal: AbortSignal): Promise<void> {
    const { dice } = this.#options;
    while (!signal.aborted) {
      this.#come();
      await dice.pause(...PAUSE, signal);
    }
    for (const socket of this.#sockets) socket.destroy();
  }

  #come(): void {
    const { rtmpPort, httpPort, dice, tally } = this.#options;
    const socket = connect({ port: dice.pick([rtmpPort, httpPort]), host: '127.0.0.1' });
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), dice.between(...STAY));
    socket.on('close', () => {
      this.#sockets.delete(socket);
      clearTimeout(timer);
    });
    socket.resume();
    socket.write(dice.pick(WORDS)(dice));
    if (dice.percent(20)) socket.end();
    tally.count('strangers');
  }
}
