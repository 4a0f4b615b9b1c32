/** `node bench/cluster/simulate.ts [--runs 4000] [--from 1]`: a cluster in thousands of seeded worlds in which everything breaks. */
import { parseArgs } from 'node:util';
import { SECOND } from '../../src/base/clock.ts';
import { World } from '../../test/support/cluster-simulation.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '4000' },
    from: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '4' },
    streams: { type: 'string', default: '3' },
  },
});
const [runs, from, nodes, streams] = [values.runs, values.from, values.nodes, values.streams].map(Number);
let failed = 0;
for (let seed = from!; seed < from! + runs!; seed++) {
  const plan = { seed, nodes: nodes!, streams: streams!, chaos: 20 * SECOND, healing: 5 * SECOND };
  const found = await new World(plan).run();
  if (found.length === 0) continue;
  failed++;
  console.log(`seed ${seed}:`, ...found.map((finding) => `\n  ${finding}`));
}
console.log(`${runs} runs of ${nodes} nodes and ${streams} streams, from seed ${from} on: ${failed} with findings`);
process.exit(failed > 0 ? 1 : 0);
