/** `npm run bench -- NAME [options]`: see README.md. */
import { cluster } from './benches/cluster.ts';
import { consolePage } from './benches/console.ts';
import { dispatch } from './benches/dispatch.ts';
import { fanout } from './benches/fanout.ts';
import { hls } from './benches/hls.ts';
import { join } from './benches/join.ts';
import { latency } from './benches/latency.ts';
import { link } from './benches/link.ts';
import { publish } from './benches/publish.ts';
import { record } from './benches/record.ts';
import { start } from './benches/start.ts';
import { change } from './benches/switch.ts';
import { prepareClip } from './clip.ts';
import { CLUSTER_USAGE, readClusterSettings } from './cluster/settings.ts';
import { LINK_USAGE, readLinkSettings } from './link/settings.ts';
import { installed, pinSelf } from './process.ts';
import { machine, print, type Report } from './report.ts';
import { type Cores, readSettings, type Settings, USAGE } from './settings.ts';

const BENCHES = new Map<string, (settings: Settings) => Promise<Report>>(
  Object.entries({
    fanout,
    latency,
    join,
    publish,
    hls,
    record,
    start,
    switch: change,
    dispatch,
    console: consolePage,
  }),
);
const NEEDED = ['ffmpeg', 'taskset'];
const BITRATES = [1000, 200];

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exit(1);
}

async function main(args: string[]): Promise<void> {
  for (const program of NEEDED) if (!installed(program)) throw new Error(`${program} is not installed`);
  for (const kilobits of BITRATES) prepareClip(kilobits); // before anything is measured
  if (args[0] === 'link') return run('link', readLinkSettings(args.slice(1)), link);
  if (args[0] === 'cluster') return run('cluster', readClusterSettings(args.slice(1)), cluster);
  const settings = readSettings(args);
  const bench = BENCHES.get(settings.bench);
  if (!bench) throw new Error(`which one?\n\n${USAGE}\n\n${CLUSTER_USAGE}\n\n${LINK_USAGE}`);
  await run(settings.bench, settings, bench);
}

async function run<S extends Cores & { readonly json: boolean }>(
  name: string,
  settings: S,
  bench: (settings: S) => Promise<Report>,
): Promise<void> {
  pinSelf(settings.loadCores);
  const report = await bench(settings);
  console.log(settings.json ? JSON.stringify({ bench: name, machine: machine(), settings, ...report }) : print(report));
}
