import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Needs, needs, type Tool } from '../support/tools.ts';

/** `needs` for tests that run a package which `npm test` installs into this folder. */
export function needsPeer(name: string, ...tools: readonly Tool[]): Needs {
  if (existsSync(join(import.meta.dirname, 'node_modules', name))) return needs(...tools);
  const skip = 'needs what npm test installs: npm install --prefix test/peers --ignore-scripts';
  if (process.env['CI'] === 'true') throw new Error(skip);
  return { ...needs(...tools), skip };
}
