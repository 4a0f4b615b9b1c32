import { z } from 'zod';

/** A whole number from 0 on, in answers: clients of SRS read it into an integer. */
export const count = z.int().nonnegative();

/** Kilobits per second, averaged over the last 20 to 30 seconds. */
export const kbps = z.object({ recv_30s: count, send_30s: count });
