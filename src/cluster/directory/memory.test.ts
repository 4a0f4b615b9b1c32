import { directorySuite } from '../../../test/support/directory-suite.ts';
import { VirtualClock } from '../../base/clock.ts';
import { NODE_LIFE } from './directory.ts';
import { MemoryDirectory } from './memory.ts';

directorySuite('memory', { timeout: 60_000 }, async () => {
  const clock = new VirtualClock();
  const state = { nodes: new Map(), streams: new Map() };
  const directory = new MemoryDirectory(clock, state);
  const expire = async (id: string) => {
    const rest = [...state.nodes.values()].filter(({ node }) => node.id !== id);
    clock.advance(NODE_LIFE);
    for (const { node } of rest) await directory.beat(node, []);
  };
  return { directory, other: directory, expire };
});
