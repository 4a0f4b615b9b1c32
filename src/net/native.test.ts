import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { silentLogger } from '../ops/log.ts';
import { loadUnsentLimiter, type UnsentLimiter } from './native.ts';

/** How many bytes go out of the process to a peer that reads nothing. */
async function taken(limit: UnsentLimiter | undefined): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  peer.pause();
  const [socket] = (await once(server, 'connection')) as [Socket];
  limit?.(socket);
  const piece = Buffer.alloc(65_536);
  let given = 0;
  while (socket.writableLength === 0) {
    socket.write(piece);
    given += piece.length;
  }
  const total = given - socket.writableLength;
  for (const each of [socket, peer]) each.destroy();
  server.close();
  return total;
}

test('the kernel takes no more for one who does not read than the limit and what the peer takes', async () => {
  const limiter = await loadUnsentLimiter(64 * 1024, silentLogger);
  assert.ok(limiter, 'koffi is installed for the tests');
  const [limited, unlimited] = [await taken(limiter), await taken(undefined)];
  assert.ok(limited < unlimited / 2, `${limited} bytes with the limit, ${unlimited} without`);
});

test('a limit of 0 asks for nothing', async () => {
  assert.equal(await loadUnsentLimiter(0, silentLogger), undefined);
});
