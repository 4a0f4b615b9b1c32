/** `node bench/cluster/main.ts failover|directory [--runs 3] [--seconds 10] [--json]`: clusters, without the rows of workers. */
import { parseArgs } from 'node:util';
import { machine, print } from '../report.ts';
import { directory } from './directory.ts';
import { failover } from './failover.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});
const settings = { runs: Number(values.runs), seconds: Number(values.seconds) };
const bench = positionals[0] === 'directory' ? directory : failover;
const report = await bench(settings);
console.log(values.json ? JSON.stringify({ machine: machine(), settings, ...report }) : print(report));
process.exit(0);
