import type { Rule } from '../rule.ts';

/** A node turns people away. */
export const nodeFull: Rule = {
  name: 'node-full',
  where: 'node',
  what: 'This node turned {refused} connections away in the last minute because of a limit, and closed {shed} viewers for want of memory.',
  remedy:
    'Send viewers to other nodes, or raise the limit that is reached if the machine has more: limits.connections, limits.connectionsPerAddress, limits.memory.',
  judge({ loads }) {
    const total = (of: 'refused' | 'shed') => loads.reduce((sum, load) => sum + load[of], 0);
    const [refused, shed] = [total('refused'), total('shed')];
    if (refused === 0 && shed === 0 && !loads.some(({ isFull }) => isFull)) return [];
    return [{ severity: 'error', figures: { refused, shed } }];
  },
};
