import { SECOND } from '../../../base/clock.ts';
import { inSeconds } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** A pause of this length stops every player. */
const LONG = 2 * SECOND;

/** The publisher is connected, and nothing comes. */
export const publisherSilent: Rule = {
  name: 'publisher-silent',
  where: 'publisher',
  what: 'The publisher {remote} is connected and has sent nothing for {silence_s} s.',
  remedy:
    'Its network is interrupted or its encoder hangs. If both look well, have it connect again; after publish.idleTimeout the server closes it.',
  judge({ stream: { source, isOwner, silence } }) {
    if (!source || !isOwner || silence === undefined || silence < LONG) return [];
    return [{ severity: 'error', figures: { remote: source.remote, silence_s: inSeconds(silence) } }];
  },
};
