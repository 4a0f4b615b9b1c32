import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../load.ts';
import { type Directive, isSrsText, LIMITS, parseDirectives } from './syntax.ts';

/** A directive as a list: name, arguments, and a list of such lists for its block. */
type Brief = readonly (string | readonly Brief[])[];

function brief(directives: readonly Directive[]): Brief[] {
  return directives.map(({ name, args, block }) => [name, ...args, ...(block ? [brief(block)] : [])]);
}

const parse = (text: string) => parseDirectives('a.conf', text);

const good: [text: string, directives: Brief[]][] = [
  ['', []],
  ['  # nothing; { here }\n', []],
  ['listen 1935;', [['listen', '1935']]],
  [
    'listen 1935 1936;listen\t1;',
    [
      ['listen', '1935', '1936'],
      ['listen', '1'],
    ],
  ],
  ['a b ; # c;\nd;', [['a', 'b'], ['d']]],
  ['# a\r\n\r\na 1;\r\n', [['a', '1']]],
  ['\uFEFFa;', [['a']]],
  ['a {}', [['a', []]]],
  [
    'a b{c d;e{f;}}',
    [
      [
        'a',
        'b',
        [
          ['c', 'd'],
          ['e', [['f']]],
        ],
      ],
    ],
  ],
  ['vhost\n  x\n{\n}', [['vhost', 'x', []]]],
  ['a "b; {c}" \'d "e"\';', [['a', 'b; {c}', 'd "e"']]],
  ['a "";', [['a', '']]],
  ['a "b"{c;}', [['a', 'b', [['c']]]]],
  ['a "two\nlines";', [['a', 'two\nlines']]],
  ['a b#c d}e "#f";', [['a', 'b#c', 'd}e', '#f']]],
  ['a [vhost]/[app]/[stream].flv http://h/?a=b&c;', [['a', '[vhost]/[app]/[stream].flv', 'http://h/?a=b&c']]],
  ["a it's;", [['a', "it's"]]],
  ['名 é;', [['名', 'é']]],
];

for (const [text, directives] of good) {
  test(`${JSON.stringify(text)} is read`, () => assert.deepEqual(brief(parse(text)), directives));
}

const wrong: [text: string, line: string][] = [
  ['a 1;\nb', 'a.conf:2: the file ends where ";" or "{" should be'],
  ['a', 'a.conf:1: the file ends where ";" or "{" should be'],
  [';', 'a.conf:1: ";" without a name before it'],
  ['\n{}', 'a.conf:2: "{" without a name before it'],
  ['a;\n}', 'a.conf:2: "}" closes nothing'],
  ['a {\n b;\n', 'a.conf:1: the block of a is not closed'],
  ['a {\n b\n}', 'a.conf:3: "}" where ";" should be'],
  ['\na "b;', 'a.conf:2: the " is not closed'],
  ['a "b"c;', 'a.conf:1: "c" right behind a quoted word'],
  ['a "\n\n" b;\n;', 'a.conf:4: ";" without a name before it'],
  ['{'.padStart(2, 'a').repeat(LIMITS.depth + 2), `a.conf:1: more than ${LIMITS.depth} blocks in one another`],
  ['a;'.repeat(LIMITS.directives + 1), `a.conf:1: more than ${LIMITS.directives} directives`],
  ['a '.repeat(LIMITS.words + 1), `a.conf:1: more than ${LIMITS.words} words without ";"`],
  ['#'.repeat(LIMITS.text + 1), `a.conf: larger than ${LIMITS.text} characters`],
];

for (const [text, line] of wrong) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused by one line that names its place`, () => {
    assert.throws(
      () => parse(text),
      (error) => error instanceof ConfigError && error.problems.length === 1 && error.message === line,
    );
  });
}

test('every directive knows its line', () => {
  const [a, b] = parse('# one\na\n  1;\nb {\n\n c;\n}');
  assert.deepEqual([a!.where, b!.where, b!.block![0]!.where], ['a.conf:2', 'a.conf:4', 'a.conf:6']);
});

test('whatever words a directive has, they are read as they were written', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('"'));
  const name = fc.stringMatching(/^[a-z_]{1,9}$/);
  const directive: fc.Arbitrary<Brief> = fc.tuple(name, fc.array(word, { maxLength: 4 })).map(([a, b]) => [a, ...b]);
  const tree = fc.array(fc.tuple(directive, fc.option(fc.array(directive, { maxLength: 3 }))), { maxLength: 5 });
  fc.assert(
    fc.property(tree, (given) => {
      const written = given.map(([[name, ...args], block]) => {
        const inner = (block ?? []).map(([first, ...rest]) => `${first} ${rest.map((each) => `"${each}"`).join(' ')};`);
        return `${name} ${args.map((each) => `"${each}"`).join('\t')} ${block ? `{ ${inner.join('\n# c\n')} }` : ';'}`;
      });
      const expected = given.map(([words, block]) => (block ? [...words, block] : words));
      assert.deepEqual(brief(parse(written.join('\n'))), expected);
    }),
    { seed: 1, numRuns: 300 },
  );
});

describe('a configuration of SRS is told from YAML', () => {
  for (const text of ['listen 1935;', '# a\n\n  vhost x {', 'include\ta.conf;', 'a{', '\uFEFFlisten 1;', 'listen'])
    test(`${JSON.stringify(text)} is one`, () => assert.equal(isSrsText(text), true));
  for (const text of ['', '# a\n', 'rtmp:\n  listen: x', 'rtmp: {a: 1;}', '{"a": 1}', '- a', '---\na: b', '"a b": 1'])
    test(`${JSON.stringify(text)} is none`, () => assert.equal(isSrsText(text), false));
});
