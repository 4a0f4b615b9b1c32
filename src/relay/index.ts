import { randomUUID } from 'node:crypto';
import { isUpstream } from '../config/options.ts';
import type { Context, Module } from '../module.ts';
import { answerSurveys } from '../net/survey.ts';
import { UnknownAsides } from './asides.ts';
import { Edge } from './edge.ts';
import { InnerDoor } from './inner-door.ts';
import { NodeListener } from './listen.ts';
import { Ears } from './media/ears.ts';
import { MediaServer } from './media/media-server.ts';
import { News } from './news.ts';
import { serveNode } from './origin.ts';
import { Publications } from './publication.ts';
import { answerRaises } from './raise.ts';
import type { Trust } from './trust.ts';

/**
 * Lets others fetch streams from here, and fetches from them what is not here: workers of this node from one another, and
 * nodes where there is `trust`, which one worker has.
 */
export function relay(trust: Trust | undefined): Module {
  let listener: NodeListener | undefined;
  let edge: Edge | undefined;
  let door: InnerDoor | undefined;
  let ears: Ears | undefined;
  let media: MediaServer | undefined;
  return {
    name: 'relay',
    async start(context: Context) {
      const { listen, origins, media: mediaListen, push } = context.config.relay;
      const { count } = context.siblings;
      const isFetching = !origins.every(isUpstream) || context.cluster !== undefined;
      if (trust && isFetching) ears = await Ears.open(context);
      if (ears || count > 1) edge = new Edge(context, trust && ears && { trust, ears });
      if (count > 1) {
        answerRaises(context);
        answerSurveys(context);
        door = await InnerDoor.open(context, edge!);
      }
      if (!trust) return {};
      const heard = ears?.address && { pushed: ears.address };
      if (push.length > 0 && !(listen && mediaListen))
        context.log.warn('relay.push needs relay.listen and relay.media: nothing is pushed');
      if (!listen) return { ...heard };
      const isAsking = (node: string, path: string) => node === trust.nodeId || !!edge?.isAsking(node, path);
      if (mediaListen) media = await MediaServer.open(context, mediaListen);
      const [news, publications] = [new News(context), new Publications()];
      const process = randomUUID();
      const unknown = new UnknownAsides(context.log);
      const ground = { context, nodeId: trust.nodeId, process, isAsking, media, news, publications, unknown };
      listener = new NodeListener(context, trust, (stream, peer) => void serveNode(ground, stream, peer));
      return { headwater: await listener.open(listen), ...(media && { rtp: media.address }), ...heard };
    },
    ready() {
      edge?.follow();
    },
    async stop() {
      edge?.close();
      door?.close();
      ears?.close();
      await listener?.close();
      media?.close();
    },
  };
}
