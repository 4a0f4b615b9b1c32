/**
 * Loaded before a server (`node --import`), has it lose a share of all UDP datagrams that come to it:
 * `TEST_LOSS=0.05,3` for one of 20, always the same with the same seed, 3.
 */
import { Socket } from 'node:dgram';
import process from 'node:process';
import { Random } from '../fuzz/random.ts';

const [share, seed] = process.env['TEST_LOSS']!.split(',').map(Number) as [number, number];
const random = new Random(seed);
const { emit } = Socket.prototype;

Socket.prototype.emit = function (this: Socket, event: string | symbol, ...rest: unknown[]) {
  if (event === 'message' && random.below(1_000_000) < share * 1_000_000) return true;
  return (emit as (...all: unknown[]) => boolean).call(this, event, ...rest);
} as typeof emit;
