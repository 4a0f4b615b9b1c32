import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { test } from 'node:test';

/** What each floor may import besides itself; see docs/architecture.md. */
const FLOORS: Record<string, readonly string[]> = {
  base: [],
  media: ['base'],
  codec: ['base', 'media'],
  container: ['base', 'media', 'codec'],
  hub: ['base', 'media'],
  config: ['base', 'hub'],
  ops: ['base', 'config'],
  access: ['base', 'config', 'ops'],
  net: ['base', 'media', 'hub', 'config', 'ops'],
};
/** Everything below the leaves, and what the leaves meet in. */
const BELOW_LEAVES = [...Object.keys(FLOORS), 'module.ts'];
/** Who may know all: the composition root and what stands above it. */
const ROOF = ['options.ts', 'context.ts', 'process.ts', 'server.ts', 'worker.ts', 'main.ts', 'index.ts', 'cli'];
const PURE = /^(base|media|codec|container|hub)\/|\/wire\/|^relay\/link\//;

const root = resolve(import.meta.dirname, '../src');
const files = globSync('**/*.ts', { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts') && !file.endsWith('.d.ts'),
);
const imports = files.flatMap((file) =>
  [...readFileSync(resolve(root, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => ({
    file,
    target: match[1]!.startsWith('.') ? relative(root, resolve(root, dirname(file), match[1]!)) : match[1]!,
    isLocal: match[1]!.startsWith('.'),
  })),
);

/** The floor, leaf or single file that a file belongs to: `base`, `protocol/rtmp`, `module.ts`. */
function unitOf(file: string): string {
  const parts = file.split('/');
  return parts[0] === 'protocol' ? parts.slice(0, 2).join('/') : parts[0]!;
}

test('imports only ever go down the house', () => {
  assert.ok(imports.length > 100, 'the imports were found');
  const wrong = imports.filter(({ file, target, isLocal }) => {
    const [from, to] = [unitOf(file), unitOf(target)];
    if (!isLocal || from === to || ROOF.includes(from)) return false;
    if (from === 'module.ts') return !Object.keys(FLOORS).includes(to);
    const allowed = FLOORS[from] ?? BELOW_LEAVES;
    return !allowed.includes(to);
  });
  assert.deepEqual(
    wrong.map(({ file, target }) => `${file} -> ${target}`),
    [],
  );
});

test('pure code imports nothing but pure code', () => {
  const wrong = imports.filter(({ file, target, isLocal }) => PURE.test(file) && !(isLocal && PURE.test(target)));
  assert.deepEqual(
    wrong.map(({ file, target }) => `${file} -> ${target}`),
    [],
  );
});

test('the player of browsers has nothing of the server but pure code', () => {
  const player = resolve(root, '../player/src');
  const foreign = globSync('**/*.ts', { cwd: player, exclude: ['**/*.test.ts'] }).flatMap((file) =>
    [...readFileSync(resolve(player, file), 'utf8').matchAll(/from\s*'([^']+)'/g)]
      .map(([, target]) => relative(root, resolve(player, target!)))
      .filter((target) => !target.startsWith('../player/') && !PURE.test(target)),
  );
  assert.deepEqual(foreign, []);
});

test('no two files import each other, however many are between them', () => {
  const edges = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const { file, target, isLocal } of imports) if (isLocal) edges.get(file)!.push(target);
  const done = new Set<string>();
  const visit = (file: string, above: readonly string[]): void => {
    assert.ok(!above.includes(file), `a circle: ${[...above, file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const target of edges.get(file) ?? []) visit(target, [...above, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('every export says what a caller needs', () => {
  const wrong = files.flatMap((file) => {
    const lines = readFileSync(resolve(root, file), 'utf8').split('\n');
    return lines.flatMap((line, i) => {
      const isExport = /^export (?:async )?(?:function\*?|class|interface|type|const) \w/.test(line);
      const isOverload = /^export (?:async )?function/.test(lines[i - 1] ?? '');
      const isDocumented = (lines[i - 1] ?? '').trim().endsWith('*/');
      return isExport && !isDocumented && !isOverload ? [`${file}:${i + 1}`] : [];
    });
  });
  assert.deepEqual(wrong, []);
});
