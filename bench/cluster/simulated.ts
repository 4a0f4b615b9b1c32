import { SECOND } from '../../src/base/clock.ts';
import { World } from '../../test/support/cluster-simulation.ts';
import { note } from '../measure.ts';
import { type Report, verdict } from '../report.ts';
import type { ClusterSettings } from './settings.ts';

const PLAN = { nodes: 4, streams: 3, chaos: 20 * SECOND, healing: 5 * SECOND };

/** Thousands of seeded worlds in which everything breaks: in how many of them something was not as it is to be. */
export async function simulated({ worlds, seed: first }: ClusterSettings): Promise<Report> {
  note(`${worlds} worlds, from seed ${first} on`);
  let faulty = 0;
  for (let seed = first; seed < first + worlds; seed++) {
    const found = await new World({ ...PLAN, seed }).run();
    for (const finding of found) note(`seed ${seed}: ${finding}`);
    if (found.length > 0) faulty++;
  }
  return {
    rows: [{ server: `simulated, from seed ${first} on`, figures: { worlds, 'faulty worlds': faulty } }],
    verdicts: [verdict('worlds with findings', faulty, 0)],
  };
}
