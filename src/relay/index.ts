import { isUpstream } from '../config/options.ts';
import type { Context, Module } from '../module.ts';
import { Edge } from './edge.ts';
import { NodeListener } from './listen.ts';
import { MediaServer } from './media/media-server.ts';
import { serveNode } from './origin.ts';
import type { Trust } from './trust.ts';

/** Lets other nodes fetch streams from this one, and fetches from others what this one lacks. */
export function relay(trust: Trust): Module {
  let listener: NodeListener | undefined;
  let edge: Edge | undefined;
  let media: MediaServer | undefined;
  return {
    name: 'relay',
    async start(context: Context) {
      const { listen, origins, media: mediaListen } = context.config.relay;
      if (!origins.every(isUpstream)) edge = new Edge(context, trust);
      if (!listen) return {};
      const isAsking = (node: string, path: string) => node === trust.nodeId || !!edge?.isAsking(node, path);
      if (mediaListen) media = await MediaServer.open(context, mediaListen);
      const ground = { context, nodeId: trust.nodeId, isAsking, media };
      listener = new NodeListener(context, trust, (stream, peer) => void serveNode(ground, stream, peer));
      return { headwater: await listener.open(listen), ...(media && { rtp: media.address }) };
    },
    async stop() {
      edge?.close();
      await listener?.close();
      media?.close();
    },
  };
}
