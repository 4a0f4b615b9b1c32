import type { Rule } from '../rule.ts';

/** Viewers cannot take the stream as fast as it comes. */
export const viewersSlow: Rule = {
  name: 'viewers-slow',
  where: 'viewers',
  what: '{slow} of {count} viewers are too slow for the stream and missed {skipped} frames in the last minute: each goes on at the next key frame.',
  remedy:
    'If it is a few, their network is at fault: offer them a lower bit rate, or another line. If it is most of them, the network of this node is: look at its bandwidth, and send viewers to other nodes.',
  judge({ viewers: { count, slow, skipped } }) {
    if (skipped === 0) return [];
    return [{ severity: slow > count / 2 ? 'error' : 'warning', figures: { slow, count, skipped } }];
  },
};
