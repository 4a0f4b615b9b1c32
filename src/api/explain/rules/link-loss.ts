import { inMs, inPercent, lossSeverity } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** A link to this edge loses more than is repaired in time. */
export const linkLoss: Rule = {
  name: 'link-loss',
  where: 'link',
  what: 'On the link from {remote} {lost_percent} % of the packets are lost, and {residual_percent} % ({residual} packets) stay so: repairs do not come within the latency of {latency_ms} ms, at a round trip of {rtt_ms} ms. Viewers see the picture break.',
  remedy:
    'Set relay.latency here to {better_ms} ms or more, or to auto. Where that is too long, relay.fec: auto restores more from parity. The table of loss, round trip and latency is in docs/link.md.',
  judge({ links }) {
    return links.flatMap(({ remote, packets, lost, residual, received }) => {
      const severity = lossSeverity(residual, packets);
      if (!received || !severity) return [];
      const { latency, better, rtt } = received;
      const figures = {
        remote,
        lost_percent: inPercent(lost / packets),
        residual_percent: inPercent(residual / packets),
        residual,
        latency_ms: inMs(latency),
        rtt_ms: inMs(rtt),
        better_ms: inMs(better ?? 2 * Math.max(latency, rtt)),
      };
      return [{ severity, figures }];
    });
  },
};
