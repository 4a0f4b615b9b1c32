import { SECOND } from '../../../base/clock.ts';
import { inSeconds } from '../figures.ts';
import type { Rule } from '../rule.ts';

const LONG = 2 * SECOND;
const UNKNOWN = '–';

/** The stream comes from another node, and nothing comes. */
export const originSilent: Rule = {
  name: 'origin-silent',
  where: 'link',
  what: 'Nothing has come from the other node ({remote}) for {silence_s} s.',
  remedy:
    'Ask that node to explain the stream: its publisher may be interrupted. If it is well there, the way between the nodes is not; the log here says why it was left.',
  judge({ stream: { source, isOwner, silence } }) {
    if (isOwner || silence === undefined || (source && silence < LONG)) return [];
    const remote = source?.remote ?? UNKNOWN;
    return [{ severity: 'error', figures: { remote, silence_s: inSeconds(silence) } }];
  },
};
