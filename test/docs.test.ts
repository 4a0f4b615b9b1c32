import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { COMMAND, knownNames, OPTIONS_PAGE, optionsPage } from '../scripts/docs.mjs';
import { RULES } from '../src/api/explain/rules/index.ts';
import { loadConfig } from '../src/config/load.ts';
import { configSchema } from '../src/server.ts';
import { Program } from './support/program.ts';
import { ADMIN_TOKEN, startTestServer } from './support/server.ts';
import { until } from './support/until.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })].map((file) => ({ file, text: read(file) }));
/** What is written for users; the others speak of the code. */
const guides = pages.filter(({ file }) => file !== 'docs/architecture.md' && !file.startsWith('docs/internals/'));
/** Names of files, of what the library exports and of settings of Linux are dotted, too. */
const NO_OPTION = /\.(?:js|log|md|ts|yaml)$|^(?:server|net)\./;

/** What a pattern's first group finds on the pages, each with its page. */
function mentions(pattern: RegExp, among = guides): { file: string; found: string }[] {
  return among.flatMap(({ file, text }) => Array.from(text.matchAll(pattern), (match) => ({ file, found: match[1]! })));
}

/** The blocks of code in a language. */
function blocks(language: string): { file: string; found: string }[] {
  return mentions(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'));
}

/** Fails with those that do not fit; a search that finds fewer than `least` has gone blind. */
function allFit(
  found: readonly { file: string; found: string }[],
  least: number,
  fits: (found: string, file: string) => boolean,
): void {
  assert.ok(found.length >= least, `${found.length} found, at least ${least} are there`);
  assert.deepEqual(
    found.filter((each) => !fits(each.found, each.file)),
    [],
  );
}

test('the page of options is as the program has them', () => {
  assert.ok(read(OPTIONS_PAGE) === optionsPage(), `${OPTIONS_PAGE} is stale; write it anew: ${COMMAND}`);
});

test('every link leads to something that is there', () => {
  const links = mentions(/\]\((?!\w+:)([^)\s]+)\)/g, pages);
  allFit(links, 15, (link, file) => {
    const [path, anchor] = link.split('#') as [string, string | undefined];
    const target = path === '' ? join(ROOT, file) : resolve(ROOT, dirname(file), path);
    return existsSync(target) && (anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).includes(anchor));
  });
});

/** The names of headings as they stand in links. */
function anchorsOf(text: string): string[] {
  const titles = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title]) => title!.toLowerCase());
  return titles.map((title) => title.replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-'));
}

test('every option that is named exists, and so does every variable', () => {
  const { names, variables } = knownNames();
  const dotted = mentions(/`([a-z]\w*(?:\.[a-z]\w*)+)(?:: [^`]*)?`/g).filter(({ found }) => !NO_OPTION.test(found));
  allFit(dotted, 50, (name) => names.has(name));
  allFit(mentions(/\b(HEADWATER_[A-Z_]+)/g), 5, (name) => variables.has(name));
});

test('every example of a configuration can be loaded', () => {
  const examples = blocks('yaml').filter(({ found }) => !found.startsWith('# prometheus.yml'));
  assert.ok(examples.length >= 5);
  for (const { file, found } of examples) loadConfig(configSchema, { file: { name: file, text: found } });
});

test('every rule by which streams are explained is on its page', () => {
  const told = new Set(mentions(/`([a-z]+(?:-[a-z]+)+)`/g).map(({ found }) => found));
  assert.deepEqual(
    RULES.map(({ name }) => name).filter((name) => !told.has(name)),
    [],
  );
});

test('every npm script that is named exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...mentions(/\bnpm run (?:--silent )?([\w-]+)/g, pages), ...mentions(/\bnpm (start|test)\b/g, pages)];
  allFit(named, 10, (name) => name in scripts);
});

describe('a running server', () => {
  const authorization = `Bearer ${ADMIN_TOKEN}`;

  test('has the metrics that are named, and all of its own are', async (t) => {
    const server = await startTestServer(t);
    const text = await (await fetch(server.http('/metrics'), { headers: { authorization } })).text();
    const present = Array.from(text.matchAll(/^# TYPE (\w+) /gm), ([, name]) => name!);
    const named = mentions(/`(headwater_\w+)`/g);
    allFit(named, 15, (name) => present.includes(name));
    const own = present.filter((name) => !/^headwater_(process|nodejs)_/.test(name));
    assert.deepEqual(
      own.filter((name) => !named.some(({ found }) => found === name)),
      [],
    );
  });

  test('has the resources that are named, and all of its own are', async (t) => {
    const server = await startTestServer(t);
    const response = await fetch(server.http('/api/v1/openapi.json'), { headers: { authorization } });
    const paths = Object.keys(((await response.json()) as { paths: object }).paths);
    const named = mentions(/`(\/api\/v1\/[^`]*)`/g);
    allFit(named, 5, (path) => paths.includes(path));
    assert.deepEqual(
      paths.filter((path) => !named.some(({ found }) => found === path)),
      [],
    );
  });
});

test('the program that embeds a server runs', async (t) => {
  const [example] = blocks('js').filter(({ file }) => file === 'docs/embed.md');
  const folder = mkdtempSync(join(tmpdir(), 'headwater-embed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'program.mjs');
  writeFileSync(file, example!.found.replace("'headwater'", `'${pathToFileURL(join(ROOT, 'src/index.ts')).href}'`));
  const env = { HEADWATER_RTMP_LISTEN: '127.0.0.1:0', HEADWATER_HTTP_LISTEN: '127.0.0.1:0' };
  const program = new Program(t, process.execPath, [file], env);
  await until(`it listens; it said ${program.stderr}`, () => /RTMP is at port [1-9]/.test(program.stdout));
  program.kill('SIGTERM');
  assert.deepEqual(await program.ended(), { code: 0, signal: null });
});
