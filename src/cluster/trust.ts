import { createHash, X509Certificate } from 'node:crypto';
import { equalBytes } from '../base/bytes.ts';
import { RefusedError } from '../base/errors.ts';
import type { OriginAddress } from '../config/options.ts';
import type { Identity, OriginCredentials } from './identity.ts';
import { type AttemptGuard, JOIN_PROTOCOL, joinOrigin, nameOfOrigin, renewMembership, serveJoin } from './join.ts';
import { readJoinToken } from './join-token.ts';

/** What the relay needs of an identity: see `relay/trust.ts`. */
export function trustOf(identity: Identity, guard: AttemptGuard) {
  return {
    nodeId: identity.nodeId,
    joinProtocol: JOIN_PROTOCOL,
    credentials: () => identity.credentials(),
    nodeOf: (certificate: X509Certificate | undefined) => identity.nodeOf(certificate),
    admit: async (...[stream, remote, certificate]: AdmitParameters) =>
      void (await serveJoin(identity, stream, { remote, certificate }, guard)),
    credentialsFor: (origin: OriginAddress, signal: AbortSignal) => credentialsFor(identity, origin, signal),
  };
}

type AdmitParameters = [
  stream: Parameters<typeof serveJoin>[1],
  remote: string,
  certificate: X509Certificate | undefined,
];

/** What to dial an origin with: what it gave us, made anew where that is due. */
async function credentialsFor(
  identity: Identity,
  origin: OriginAddress,
  signal: AbortSignal,
): Promise<OriginCredentials> {
  const name = nameOfOrigin(origin);
  const { joinToken } = origin;
  const known = identity.credentialsFor(name);
  if (known && (joinToken === undefined || isOf(joinToken, known))) {
    // What is not renewed today is renewed at the next connection: there is half a life for it.
    await renewMembership(identity, origin, signal).catch(() => {});
  } else if (joinToken !== undefined) await joinOrigin(identity, origin, joinToken, signal);
  const credentials = identity.credentialsFor(name);
  if (credentials) return credentials;
  throw new RefusedError('forbidden', `${name} has to be joined: its operator has the token for ?join=TOKEN`);
}

/** Whether the node that made a token is the one that let us in: one that lost its state is another. */
function isOf(joinToken: string, { ca }: OriginCredentials): boolean {
  const fingerprint = createHash('sha256').update(new X509Certificate(ca).raw).digest();
  return equalBytes(readJoinToken(joinToken).fingerprint, fingerprint);
}
