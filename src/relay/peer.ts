import { RefusedError } from '../base/errors.ts';
import type { Context } from '../module.ts';

/** Another node, by its certificate and its address, or another worker of this one. */
export interface Peer {
  readonly node: string;
  readonly remote: string;
  readonly isInner?: boolean;
}

/** Whether a node is a member of the cluster that this one is in. */
export async function isMember({ cluster }: Context, { node }: Peer): Promise<boolean> {
  const nodes = (await cluster?.nodes()) ?? [];
  return nodes.some(({ id }) => id === node);
}

/** Throws {@link RefusedError} `forbidden` where it is none. */
export async function expectMember(context: Context, peer: Peer): Promise<void> {
  if (!(await isMember(context, peer)))
    throw new RefusedError('forbidden', 'only a member of the cluster may ask that');
}
