/**
 * Another QUIC library, as `quic.mjs COMMAND JSON`. Prints a line of JSON when it listens, or when it is done.
 *
 *     listen  {cert, key, ca, alpn}                                  echoes every stream
 *     dial    {port, ca, cert, key, serverName, alpn, streams, bytes}   has so many streams of so many bytes echoed, at the same time
 *     answer  {cert, key, alpn, packet}        an original cloud: replies to each request with this packet, the request's numbers in it
 *     ask     {port, alpn, requests, replies}  an original edge: asks for packets until so many bytes of replies have come
 */
import { createHmac, randomBytes, randomFillSync } from 'node:crypto';
import process from 'node:process';
import { events, QUICClient, QUICServer } from '@matrixai/quic';

const HOST = '127.0.0.1';
const REQUEST = 6;
const PATIENCE_MS = 10_000;

const COMMANDS = { listen, dial, answer, ask };
const [command, plan] = process.argv.slice(2);
await COMMANDS[command](JSON.parse(plan));

async function listen({ ca, ...config }) {
  const onConnection = (connection) => {
    onStream(connection, (stream) => void stream.readable.pipeTo(stream.writable).catch(() => {}));
  };
  await serve({ ...config, ...(ca && { ca, verifyPeer: true }) }, onConnection);
}

async function dial({ streams, bytes, ...destination }) {
  const { connection } = await connect({ verifyPeer: true, ...destination });
  const echoed = async () => {
    const [stream, sent] = [connection.newStream(), randomBytes(bytes)];
    const [got] = await Promise.all([read(stream.readable, bytes), write(stream.writable, sent)]);
    if (!got.equals(sent)) throw new Error('what comes back is something else');
  };
  await Promise.all(Array.from({ length: streams }, echoed));
  tell({ streams });
  process.exit();
}

/** Its first stream is the edge's, with requests and the lengths of replies; by the second one it sends the packets. */
async function answer({ packet, ...config }) {
  await serve(config, (connection) => {
    onStream(connection, async (requests) => {
      const [lengths, packets] = [requests.writable.getWriter(), connection.newStream().writable.getWriter()];
      let rest = Buffer.alloc(0);
      for await (const piece of requests.readable) {
        rest = Buffer.concat([rest, piece]);
        for (; rest.length >= REQUEST; rest = rest.subarray(REQUEST)) {
          const reply = Buffer.from(packet, 'hex');
          rest.copy(reply, 8, 0, 4);
          rest.copy(reply, 2, 4, 6);
          await packets.write(reply);
          await lengths.write(Buffer.from([reply.length >> 8, reply.length & 255]));
        }
      }
    });
  });
}

async function ask({ requests, replies, ...destination }) {
  const { connection } = await connect({ verifyPeer: false, ...destination });
  const packets = new Promise((resolve) => {
    onStream(connection, (stream) => resolve(read(stream.readable, replies)));
  });
  const stream = connection.newStream();
  const count = requests.length / 2 / REQUEST;
  const [lengths] = await Promise.all([
    read(stream.readable, 2 * count),
    stream.writable.getWriter().write(Buffer.from(requests, 'hex')),
  ]);
  tell({ lengths: lengths.toString('hex'), packets: (await packets).toString('hex') });
  process.exit();
}

async function serve({ alpn, ...config }, onConnection) {
  const key = randomBytes(32);
  const sign = (secret, data) => createHmac('sha256', Buffer.from(secret)).update(Buffer.from(data)).digest();
  const ops = {
    sign: async (secret, data) => arrayBuffer(sign(secret, data)),
    verify: async (secret, data, signature) => sign(secret, data).equals(Buffer.from(signature)),
  };
  const server = new QUICServer({
    crypto: { key: arrayBuffer(key), ops },
    config: { verifyPeer: false, ...config, applicationProtos: alpn, maxIdleTimeout: PATIENCE_MS },
  });
  server.addEventListener(events.EventQUICServerConnection.name, ({ detail }) => onConnection(detail));
  await server.start({ host: HOST, port: 0 });
  tell({ port: server.port });
}

function connect({ port, serverName = HOST, alpn, ...config }) {
  const ops = { randomBytes: async (data) => void randomFillSync(new Uint8Array(data)) };
  return QUICClient.createQUICClient(
    {
      ...{ host: HOST, port, serverName, localHost: HOST, crypto: { ops } },
      config: { ...config, applicationProtos: alpn, maxIdleTimeout: PATIENCE_MS },
    },
    { timer: PATIENCE_MS },
  );
}

function onStream(connection, take) {
  connection.addEventListener(events.EventQUICConnectionStream.name, ({ detail }) => take(detail));
}

/** So many bytes of a stream. */
async function read(readable, length) {
  const pieces = [];
  let left = length;
  for await (const piece of readable.values({ preventCancel: true })) {
    pieces.push(piece);
    left -= piece.length;
    if (left <= 0) break;
  }
  return Buffer.concat(pieces);
}

async function write(writable, bytes) {
  const writer = writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}

function arrayBuffer(bytes) {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

function tell(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
