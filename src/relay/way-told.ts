import { z } from 'zod';
import { MOST_HOPS } from '../hub/passage.ts';

const name = z.string().max(256);
const count = z.int().nonnegative();
const session = z.object({ id: name, protocol: name, remote: name, since: z.number() });
const delay = z.object({ total: z.object({ p50: z.number(), p99: z.number() }), added: z.number().optional() });
const loss = z.object({ packets: count, lost: count, residual: count });
const hop = z.object({
  node: name,
  host: name,
  address: name,
  sends: session.optional(),
  gets: session.optional(),
  delay: delay.optional(),
  loss: loss.optional(),
});

/** A way, or the beginning of one. */
export const hops = z.array(hop).min(1).max(MOST_HOPS).readonly();

/** The first message of one who wants to know the way of what a session of this node is sent, over so many nodes at most. */
export const trace = z.object({ op: z.literal('trace'), session: name, most: z.int().min(1).max(MOST_HOPS) });
/** The answer to it: a `Trace`. */
export const traced = z.object({
  op: z.literal('traced'),
  path: z.string().max(1024),
  hops,
  gap: z.string().max(1024).optional(),
});
