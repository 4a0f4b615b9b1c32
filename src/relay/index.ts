import type { Context, Module } from '../module.ts';
import { Edge } from './edge.ts';
import { InnerDoor } from './inner-door.ts';
import { NodeListener } from './listen.ts';
import { MediaServer } from './media/media-server.ts';
import { serveNode } from './origin.ts';
import type { Trust } from './trust.ts';

/**
 * Lets others fetch streams from here, and fetches from them what is not here: workers of this node from one another, and
 * nodes where there is `trust`, which one worker has.
 */
export function relay(trust: Trust | undefined): Module {
  let listener: NodeListener | undefined;
  let edge: Edge | undefined;
  let door: InnerDoor | undefined;
  let media: MediaServer | undefined;
  return {
    name: 'relay',
    async start(context: Context) {
      const { listen, origins, media: mediaListen } = context.config.relay;
      const { count } = context.siblings;
      if (origins.length > 0 || count > 1) edge = new Edge(context, trust);
      if (count > 1) door = await InnerDoor.open(context, edge!);
      if (!trust || !listen) return {};
      const isAsking = (node: string, path: string) => node === trust.nodeId || !!edge?.isAsking(node, path);
      if (mediaListen) media = await MediaServer.open(context, mediaListen);
      const ground = { context, nodeId: trust.nodeId, isAsking, media };
      listener = new NodeListener(context, trust, (stream, peer) => void serveNode(ground, stream, peer));
      return { headwater: await listener.open(listen), ...(media && { rtp: media.address }) };
    },
    async stop() {
      edge?.close();
      door?.close();
      await listener?.close();
      media?.close();
    },
  };
}
