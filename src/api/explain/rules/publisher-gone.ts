import { inSeconds } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** The publisher has left, and viewers wait for it. */
export const publisherGone: Rule = {
  name: 'publisher-gone',
  where: 'publisher',
  what: 'Nobody publishes the stream any more; its viewers have waited for {silence_s} s.',
  remedy:
    'Look at the encoder and its network; when it connects again viewers go on by themselves. The line "publish ends" in the log says why it left.',
  judge({ stream: { source, isOwner, silence } }) {
    if (source || !isOwner || silence === undefined) return [];
    return [{ severity: 'error', figures: { silence_s: inSeconds(silence) } }];
  },
};
