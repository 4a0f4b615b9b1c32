import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { variableOf } from '../src/config/environment.ts';
import { bare, commentOf, kindOf, membersOf, optionsOf } from '../src/config/schema.ts';
import { configSchema } from '../src/server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The page that is made of the options' schema, and the command that writes it anew. */
export const OPTIONS_PAGE = 'docs/reference/options.md';
export const COMMAND = 'node_modules/.bin/node scripts/docs.mjs';

const HEAD = `# Options

All options with their defaults. This page is made from the program itself by
\`${COMMAND}\`, as is the \`headwater.yaml\` that the first start writes.

In the file, options stand in sections: \`rtmp.listen\` is the line \`listen:\` below \`rtmp:\`. In the environment the same
option is \`HEADWATER_RTMP_LISTEN\`, and the environment wins over the file. What is wrong in either is told at the start,
with its line and what is allowed. Times have a unit (\`350ms\`, \`1.5s\`, \`10m\`, \`1h\`, \`7d\`), and so have sizes (\`512KiB\`,
\`32MiB\`, \`1GiB\`). An address is \`:1935\` for all of this machine's, or one of them: \`127.0.0.1:8080\`, \`[::1]:8080\`.
`;

/** The text of the page. */
export function optionsPage() {
  const sections = Object.entries(membersOf(configSchema)).map(([name, type]) => renderSection(type, [name]));
  return [HEAD, ...sections].join('\n');
}

function renderSection(type, path) {
  const options = membersOf(type) ? optionsWithin(type, path) : [{ path, type }];
  const rows = [...options].map(renderOption);
  const head = ['| option | default | allowed | what it is |', '|---|---|---|---|'];
  return [`## ${path.join('.')}`, '', commentOf(type), '', ...head, ...rows, ''].join('\n');
}

/** The options of a section, those of sections within it included. */
function* optionsWithin(type, path) {
  for (const [name, member] of Object.entries(membersOf(type))) {
    if (membersOf(member)) yield* optionsWithin(member, [...path, name]);
    else yield { path: [...path, name], type: member };
  }
}

function renderOption({ path, type }) {
  const { fallback } = bare(type);
  const shown = typeof fallback === 'string' && fallback !== '' ? fallback : JSON.stringify(fallback);
  const cells = [`\`${path.join('.')}\``, `\`${shown}\``, allowedOf(type), commentOf(type)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** What the head of the page says once for all. */
const EXAMPLES = / \(.*\)| with its unit, such as .*?(?=, from )| such as .*?(?=, or off)/;

/** What error lines call allowed: it is told to whoever gives what no option takes. */
function allowedOf(type) {
  if (kindOf(type) === 'array') return 'a list';
  const { issues } = type.safeParse(Symbol('wrong')).error;
  return issues[0].message.replace(EXAMPLES, '');
}

/** Every variable that sets an option, and every name of an option or a section. */
export function knownNames() {
  const options = [...optionsOf(configSchema)];
  const names = options.flatMap(({ path }) => path.map((_, i) => path.slice(0, i + 1).join('.')));
  return { names: new Set(names), variables: new Set(options.map(({ path }) => variableOf(path))) };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(join(ROOT, OPTIONS_PAGE), optionsPage());
}
