import { createHash, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { equalBytes } from '../base/bytes.ts';
import { ProtocolError, RefusedError } from '../base/errors.ts';
import { nodeIdOf, readPublicKey, serverNameOf } from './certificate.ts';
import { receiveJson, sendJson } from './exchange.ts';
import type { Identity } from './identity.ts';
import { readJoinToken } from './join-token.ts';

/** The protocol, by ALPN, in which nodes ask to be let in, on the origin's TLS port. */
export const JOIN_PROTOCOL = 'headwater-join/1';

/** Where an origin listens. */
export interface Origin {
  readonly host: string;
  readonly port: number;
}

/** Who asks to be let in. */
export interface Applicant {
  /** Its address. */
  readonly remote: string;
  /** What it showed in TLS; it need not have been checked. */
  readonly certificate: X509Certificate | undefined;
}

/** Keeps those off who try many secrets. */
export interface AttemptGuard {
  isBlocked(remote: string): boolean;
  fail(remote: string): void;
}

const PATIENCE_MS = 5000;

const request = z.object({ publicKey: z.string(), secret: z.string().optional() });
const answer = z.union([z.object({ certificate: z.string() }), z.object({ refused: z.string() })]);

/** Under which an origin is known to the {@link Identity}. */
export function nameOfOrigin({ host, port }: Origin): string {
  return `${host}:${port}`;
}

/**
 * Answers one peer in {@link JOIN_PROTOCOL} and ends the stream. A node is let in by the secret of the join token, or, to
 * renew its certificate, by the one that it has. Resolves to its id; rejects with the reason why it was not let in.
 */
export async function serveJoin(
  identity: Identity,
  stream: Duplex,
  peer: Applicant,
  guard: AttemptGuard,
): Promise<string> {
  const timer = setTimeout(() => stream.destroy(new RefusedError('timeout', 'took too long to ask')), PATIENCE_MS);
  try {
    const { publicKey, secret } = check(request, await receiveJson(stream));
    const key = readPublicKey(publicKey);
    if (secret === undefined) expectSame(identity.nodeOf(peer.certificate), nodeIdOf(key));
    else expectSecret(identity, secret, peer.remote, guard);
    sendJson(stream, { certificate: identity.admit(key) });
    return nodeIdOf(key);
  } catch (error) {
    if (!stream.destroyed)
      sendJson(stream, { refused: error instanceof RefusedError ? error.message : 'not understood' });
    throw error;
  } finally {
    clearTimeout(timer);
    stream.end();
  }
}

/** Joins an origin by the token that its operator gave; from then on the identity has credentials for it. Rejects with the reason. */
export async function joinOrigin(
  identity: Identity,
  origin: Origin,
  token: string,
  signal?: AbortSignal,
): Promise<void> {
  const { fingerprint, secret } = readJoinToken(token);
  const { authority, serverName } = await learnAuthority(origin, fingerprint, signal);
  const socket = await dial(origin, { ca: authority, servername: serverName }, signal);
  const certificate = await ask(origin, socket, { publicKey: identity.publicKey, secret });
  identity.keep(nameOfOrigin(origin), { certificate, authority });
}

/** Renews the certificate that an origin gave, when it is time. Resolves to whether it was; rejects when that failed. */
export async function renewMembership(identity: Identity, origin: Origin, signal?: AbortSignal): Promise<boolean> {
  const name = nameOfOrigin(origin);
  const credentials = identity.credentialsFor(name);
  if (!credentials || !identity.isRenewalDue(name)) return false;
  const { serverName, ...ours } = credentials;
  const socket = await dial(origin, { ...ours, servername: serverName }, signal);
  const certificate = await ask(origin, socket, { publicKey: identity.publicKey });
  identity.keep(name, { certificate, authority: ours.ca });
  return true;
}

function check<T>(schema: z.ZodType<T>, message: unknown): T {
  const { success, data } = schema.safeParse(message);
  if (!success) throw new ProtocolError('a message of another kind than expected');
  return data;
}

function expectSame(shown: string, asked: string): void {
  if (shown !== asked) throw new RefusedError('forbidden', 'a certificate can be renewed for the same key only');
}

function expectSecret(identity: Identity, secret: string, remote: string, guard: AttemptGuard): void {
  if (guard.isBlocked(remote)) throw new RefusedError('forbidden', 'too many wrong join tokens, wait a minute');
  if (identity.isJoinSecret(secret)) return;
  guard.fail(remote);
  throw new RefusedError('forbidden', 'the join token is not valid (any more)');
}

/**
 * Which authority stands behind an origin. This connection alone trusts whoever answers: nothing is sent over it, and what
 * it learns counts only when it is what the token names. The secret goes over a second one, which trusts that authority alone.
 */
async function learnAuthority(origin: Origin, fingerprint: Uint8Array, signal: AbortSignal | undefined) {
  const socket = await dial(origin, { rejectUnauthorized: false, servername: '' }, signal);
  const authority = socket.getPeerX509Certificate()?.issuerCertificate;
  socket.destroy();
  const seen = authority && createHash('sha256').update(authority.raw).digest();
  if (!seen || !equalBytes(seen, fingerprint)) {
    throw new RefusedError('forbidden', `${nameOfOrigin(origin)} is not the node that made this join token`);
  }
  return { authority: authority.toString(), serverName: serverNameOf(/^CN=(.+)$/m.exec(authority.subject)?.[1] ?? '') };
}

/** Sends a request and resolves to the certificate that is the answer. */
async function ask(origin: Origin, socket: TLSSocket, message: z.infer<typeof request>): Promise<string> {
  try {
    sendJson(socket, message);
    const given = check(answer, await receiveJson(socket));
    if ('refused' in given) throw new RefusedError('forbidden', `${nameOfOrigin(origin)} refused: ${given.refused}`);
    return given.certificate;
  } finally {
    socket.destroy();
  }
}

async function dial(origin: Origin, options: ConnectionOptions, signal: AbortSignal | undefined): Promise<TLSSocket> {
  const socket = connect({ ...origin, ...options, ALPNProtocols: [JOIN_PROTOCOL], minVersion: 'TLSv1.3' });
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new RefusedError('timeout', 'the origin does not answer')));
  try {
    await once(socket, 'secureConnect', signal ? { signal } : {});
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
