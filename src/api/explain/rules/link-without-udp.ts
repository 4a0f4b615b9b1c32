import type { Rule } from '../rule.ts';

/** UDP does not come through from the node that the stream comes from. */
export const linkWithoutUdp: Rule = {
  name: 'link-without-udp',
  where: 'link',
  what: 'The stream comes from {remote} by QUIC or TLS, since UDP does not come through: each loss on the way holds up all that follows.',
  remedy:
    'Open the UDP port of relay.media at that node (5220 if nothing is said) in its firewall and that of its provider. To do without UDP and without this note set relay.media: off here.',
  judge({ stream: { lacksUdp, source } }) {
    return lacksUdp && source ? [{ severity: 'notice', figures: { remote: source.remote } }] : [];
  },
};
