import { RefusedError } from '../base/errors.ts';
import { checkedPath, describePath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { Serving } from '../net/serve.ts';
import { surveyNode } from '../net/survey.ts';
import { traceHere } from '../net/trace.ts';
import type { Channel } from './channel.ts';
import { MOST_SURVEYED, type RelayMessage } from './messages.ts';
import { expectMember, type Peer } from './peer.ts';
import { remoteOf } from './publication.ts';

/** A question of one kind, as it came. */
type Asked<Op extends RelayMessage['op']> = RelayMessage & { readonly op: Op };

/** Tells an edge that somebody may play there. Throws when he may not. */
export async function judge(
  { access, dialers }: Context,
  channel: Channel,
  { session }: Serving,
  { path: asked, remote, query, protocol, via }: Asked<'may'>,
): Promise<void> {
  const client = { path: checkedPath(asked), remote: remoteOf(remote, session), query: new Map(query) };
  await access.may({ action: 'play', ...client, protocol, via: dialers.checkVia(via), session: session.id });
  channel.send({ op: 'granted' });
}

/** Answers a member of the cluster to which a stream of ours is being published. */
export async function concede(context: Context, channel: Channel, peer: Peer, { path }: Asked<'claim'>): Promise<void> {
  await expectMember(context, peer);
  const yields = await context.cluster!.yields(path);
  if (!yields) throw new RefusedError('busy', `${describePath(path)} is being published here`);
  channel.send({ op: 'yielded' });
}

/** Tells a member of the cluster what this node has, or what else it asks. */
export async function survey(
  context: Context,
  channel: Channel,
  peer: Peer,
  { flows, watching }: Asked<'survey'>,
): Promise<void> {
  await expectMember(context, peer);
  const path = watching === undefined ? undefined : checkedPath(watching);
  const { streams, ...answer } = await surveyNode(context, { flows, watching: path });
  channel.send({ op: 'surveyed', streams: streams.slice(0, MOST_SURVEYED), ...answer });
}

/** Tells a node the way of what it is sent by this one, and a member of the cluster that of any session. */
export async function tellWay(
  context: Context,
  channel: Channel,
  peer: Peer,
  { session: id, most }: Asked<'trace'>,
): Promise<void> {
  const session = context.sessions.find(id);
  if (!peer.isInner && session?.detail['node'] !== peer.node) await expectMember(context, peer);
  channel.send({ op: 'traced', ...(await traceHere(context, id, most)) });
}
