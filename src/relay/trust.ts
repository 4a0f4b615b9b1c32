import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { OriginAddress } from '../config/options.ts';

/** PEM texts: what to show, and the authority that the other side must be from. */
interface Credentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Who this node is, and whom it trusts: what the relay needs of an identity. */
export interface Trust {
  readonly nodeId: string;
  /** The protocol, by ALPN, in which nodes ask to be let in. */
  readonly joinProtocol: string;
  /** What to listen with. */
  credentials(): Credentials;
  /** The id of a node by its certificate. Throws `RefusedError` when it may not come in. */
  nodeOf(certificate: X509Certificate | undefined): string;
  /** Answers a peer that asks to be let in. Rejects with the reason when it is not. */
  admit(stream: Duplex, remote: string, certificate: X509Certificate | undefined): Promise<void>;
  /** What to dial an origin with; joins it first where that is due. Rejects with the reason when it does not let us in. */
  credentialsFor(origin: OriginAddress, signal: AbortSignal): Promise<Credentials & { readonly serverName: string }>;
}
