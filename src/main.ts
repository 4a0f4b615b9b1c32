import { run } from './cli/run.ts';

const { env, stdout, stderr } = process;
const around = { argv: process.argv.slice(2), env, folder: process.cwd(), stdout, stderr, signals: process };
process.exit(await run(around, () => import('./server.ts')));
