import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { startOrigin } from '../../test/support/nodes.ts';
import { until } from '../../test/support/until.ts';

const skip = process.platform !== 'linux' && 'only Linux tells of the timers of connections';
/** In /proc/net/tcp: the connection is open, and the system will ask whether the peer is there (proc_net_tcp.txt). */
const [ESTABLISHED, ASKS] = ['01', '02'];

/** The timers of the connections that came to a port of this machine. */
async function timersAt(port: number): Promise<string[]> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  return rows
    .filter(([, address, , state]) => address === local && state === ESTABLISHED)
    .map(([, , , , , timer]) => timer!.slice(0, 2));
}

test('a node, as an encoder, that is gone without a word is noticed though nothing is said on its connection', {
  skip,
}, async () => {
  const { server } = await startOrigin({ after });
  for (const purpose of ['headwater', 'rtmp']) {
    const port = server.ports[purpose]!;
    const socket = connect({ host: '127.0.0.1', port });
    after(() => void socket.destroy());
    await once(socket, 'connect');
    await until(`the system asks on ${purpose}`, async () => (await timersAt(port)).includes(ASKS));
    assert.equal((await timersAt(port)).length, 1);
  }
});
