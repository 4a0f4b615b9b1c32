import { parseArgs } from 'node:util';
import { keep, readCorpus } from './corpus.ts';
import { fuzz, minimise } from './fuzz.ts';
import { Random } from './random.ts';
import { TARGETS } from './targets.ts';

const options = {
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string', default: String(Date.now() % 1e9) },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [name = ''] = positionals;
const target = TARGETS[name];
if (!target) {
  console.error(
    `usage: node test/fuzz/run.ts TARGET [--seconds 60] [--seed N]; targets: ${Object.keys(TARGETS).join(', ')}`,
  );
  process.exit(2);
}

const end = performance.now() + Number(values.seconds) * 1000;
const known = [...target.seeds, ...readCorpus(name)];
const { failure, tried } = fuzz(target, known, new Random(Number(values.seed)), () => performance.now() < end);
console.log(`${name}: ${tried} inputs, seed ${values.seed}`);
if (failure) {
  console.log(failure.error);
  console.log(`kept as ${keep(name, minimise(target, failure.bytes))}`);
  process.exitCode = 1;
}
