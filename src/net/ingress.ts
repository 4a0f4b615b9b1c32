import type { Signal } from '../base/signal.ts';
import type { Hub } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Publisher } from '../hub/publisher.ts';
import type { Session } from '../hub/session.ts';
import type { Standing } from '../hub/standing.ts';
import type { Role } from '../hub/stream.ts';

/** What somebody wants to publish, and how he comes. */
export interface PublishWish {
  readonly path: StreamPath;
  /** The publisher's IP address, which is not that of the session where another node passes it on. */
  readonly remote: string;
  /** The decoded parameters of his URL. */
  readonly query: ReadonlyMap<string, string>;
  /** The same as they came, and the URL and page that he tells, where he himself came here. */
  readonly param?: string | undefined;
  readonly tcUrl?: string | undefined;
  readonly pageUrl?: string | undefined;
  readonly role?: Role | undefined;
  /** Where he stood at another node, or before he came here. */
  readonly standing?: Standing | undefined;
  /** Whether it was decided before that he may: by another worker of this node. */
  readonly isAdmitted?: boolean;
}

/** Passes on to an origin what is published here. */
export interface Carrier {
  /** Whether the origin decides who may publish: here it is enough that nothing is against it. */
  readonly originDecides: boolean;
  /** Where that may be: only a node of the cluster, or any server that is configured. */
  readonly reach: 'cluster' | 'anywhere';
  /** Resolves when an origin takes it. Rejects with its refusal, and the reason of `signal` when that aborts. */
  carry(wish: PublishWish, session: Session, signal: Signal): Promise<Publisher>;
}

/** How the gate is asked for somebody who wants to publish. */
interface PublishRequest {
  readonly action: 'publish';
  readonly protocol: string;
  readonly session: string;
  readonly originDecides: boolean;
}

/** What is asked whether somebody may publish. */
interface Gate {
  may(request: Omit<PublishWish, 'role'> & PublishRequest): Promise<void>;
}

/** Where publishers come in: to a stream of this node, or of an origin to which they are passed on. */
export class Ingress {
  readonly #gate: Gate;
  readonly #hub: Hub;
  #carrier: Carrier | undefined;

  constructor(gate: Gate, hub: Hub) {
    this.#gate = gate;
    this.#hub = hub;
  }

  /** What passes on those who publish here, if they are. */
  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  /** Has all who publish here passed on. */
  carryBy(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  /** Resolves to what a publisher writes to. Rejects with `RefusedError` when he may not, and the reason of `signal` when it aborts. */
  async publish(wish: PublishWish, session: Session, signal: Signal): Promise<Publisher> {
    const carrier = this.#carrier;
    const { protocol, id } = session;
    const originDecides = carrier?.originDecides === true;
    if (!wish.isAdmitted) await this.#gate.may({ ...wish, action: 'publish', protocol, session: id, originDecides });
    if (carrier) return carrier.carry(wish, session, signal);
    return this.#hub.publish(wish.path, session, signal, wish.role, { stood: wish.standing });
  }
}
