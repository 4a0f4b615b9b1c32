import type { Context, Module } from '../module.ts';
import { Edge } from './edge.ts';
import { NodeListener } from './listen.ts';
import { Ears } from './media/ears.ts';
import { MediaServer } from './media/media-server.ts';
import { serveNode } from './origin.ts';
import type { Trust } from './trust.ts';

/** Lets other nodes fetch streams from this one, and fetches from others what this one lacks. */
export function relay(trust: Trust): Module {
  let listener: NodeListener | undefined;
  let edge: Edge | undefined;
  let ears: Ears | undefined;
  let media: MediaServer | undefined;
  return {
    name: 'relay',
    async start(context: Context) {
      const { listen, origins, media: mediaListen, push } = context.config.relay;
      if (origins.length > 0) {
        ears = await Ears.open(context);
        edge = new Edge(context, trust, ears);
      }
      const heard = ears?.address && { pushed: ears.address };
      if (push.length > 0 && !(listen && mediaListen))
        context.log.warn('relay.push needs relay.listen and relay.media: nothing is pushed');
      if (!listen) return { ...heard };
      const isAsking = (node: string, path: string) => node === trust.nodeId || !!edge?.isAsking(node, path);
      if (mediaListen) media = await MediaServer.open(context, mediaListen);
      const ground = { context, nodeId: trust.nodeId, isAsking, media };
      listener = new NodeListener(context, trust, (stream, peer) => void serveNode(ground, stream, peer));
      return { headwater: await listener.open(listen), ...(media && { rtp: media.address }), ...heard };
    },
    async stop() {
      edge?.close();
      ears?.close();
      await listener?.close();
      media?.close();
    },
  };
}
