import { inPercent, lossSeverity } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** An edge says that it lacks what this node has sent. */
export const edgeLoss: Rule = {
  name: 'edge-loss',
  where: 'link',
  what: 'The edge {remote} reports that {lost_percent} % of the packets are lost on their way to it, and {residual_percent} % ({residual} packets) stay so. Viewers there see the picture break.',
  remedy:
    'Ask that edge to explain the stream: it knows which relay.latency would be enough. Set it there, or relay.latency: auto.',
  judge({ links }) {
    return links.flatMap(({ remote, packets, lost, residual, received }) => {
      const severity = lossSeverity(residual, packets);
      if (received || !severity) return [];
      const [lost_percent, residual_percent] = [inPercent(lost / packets), inPercent(residual / packets)];
      return [{ severity, figures: { remote, lost_percent, residual_percent, residual } }];
    });
  },
};
