import type { Context, Module } from '../module.ts';
import { Edge } from './edge.ts';
import { NodeListener } from './listen.ts';
import { serveNode } from './origin.ts';
import type { Trust } from './trust.ts';

/** Lets other nodes fetch streams from this one, and fetches from others what this one lacks. */
export function relay(trust: Trust): Module {
  let listener: NodeListener | undefined;
  let edge: Edge | undefined;
  return {
    name: 'relay',
    async start(context: Context) {
      const { listen, origins } = context.config.relay;
      if (origins.length > 0) edge = new Edge(context, trust);
      if (!listen) return {};
      const isAsking = (node: string, path: string) => node === trust.nodeId || !!edge?.isAsking(node, path);
      const ground = { context, nodeId: trust.nodeId, isAsking };
      listener = new NodeListener(context, trust, (stream, peer) => void serveNode(ground, stream, peer));
      return { headwater: await listener.open(listen) };
    },
    async stop() {
      edge?.close();
      await listener?.close();
    },
  };
}
