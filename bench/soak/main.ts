/** `npm run soak -- [--minutes 10] [--seed N] [--json]`: see ../README.md. */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { note } from '../measure.ts';
import { installed } from '../process.ts';
import { machine } from '../report.ts';
import { printSoak } from './report.ts';
import { type SoakSettings, soak } from './soak.ts';

const NEEDED = ['ffmpeg', 'taskset'];

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  process.exit((await main(process.argv.slice(2))) ? 0 : 1);
} catch (error) {
  console.error(`soak: ${(error as Error).message}`);
  process.exit(1);
}

/** Whether everything was as it must be. */
async function main(args: string[]): Promise<boolean> {
  const { settings, json } = readSettings(args);
  for (const program of NEEDED) if (!installed(program)) throw new Error(`${program} is not installed`);
  const { seed, seconds } = settings;
  note(`seed ${seed}, ${seconds} s`);
  const report = await soak(settings);
  console.log(json ? JSON.stringify({ soak: { seed, seconds }, machine: machine(), ...report }) : printSoak(report));
  return report.verdicts.every(({ pass }) => pass);
}

function readSettings(args: string[]): { settings: SoakSettings; json: boolean } {
  const options = {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    json: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args, options });
  const [seconds, seed] = [Number(values.minutes) * 60, Number(values.seed)];
  if (!(seconds > 0)) throw new Error(`--minutes wants a number above 0, not '${values.minutes}'`);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed wants a whole number, not '${values.seed}'`);
  const serverCores = `0-${availableParallelism() - 1}`;
  return { settings: { seconds, seed, serverCores, note }, json: values.json };
}
