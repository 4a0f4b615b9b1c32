import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loggerTo } from './log.ts';
import { KeptLines } from './log-tail.ts';

const FIRST = 1_790_000_000_000_000;

function setUp() {
  const tail = new KeptLines(FIRST);
  return { tail, log: loggerTo({ write() {} }, 'debug', tail) };
}

const messages = ({ lines }: Awaited<ReturnType<KeptLines['read']>>) =>
  lines.map(({ text }) => (JSON.parse(text) as { msg: string }).msg);

test('the newest lines are told first, and then those that follow', async () => {
  const { tail, log } = setUp();
  for (let i = 0; i < 5; i++) log.info(`line ${i}`);
  const page = await tail.read({ count: 2 });
  assert.deepEqual(messages(page), ['line 3', 'line 4']);
  assert.deepEqual([page.next, page.missed], [FIRST + 4, 0]);
  assert.deepEqual(await tail.read({ after: page.next, count: 2 }), { lines: [], next: page.next, missed: 0 });
  log.info('line 5');
  const { lines, next } = await tail.read({ after: page.next, count: 2 });
  assert.deepEqual([lines[0]!.id, next], [FIRST + 5, FIRST + 5]);
});

test('whoever is far behind gets everything that is kept, part by part', async () => {
  const { tail, log } = setUp();
  for (let i = 0; i < 10; i++) log.info(`line ${i}`);
  const all: string[] = [];
  let after = FIRST - 1;
  for (let round = 0; round < 4; round++) {
    const page = await tail.read({ after, count: 3 });
    all.push(...messages(page));
    after = page.next;
  }
  assert.deepEqual(
    all,
    Array.from({ length: 10 }, (_, i) => `line ${i}`),
  );
});

test('what fits no question is passed over, and not asked for again', async () => {
  const { tail, log } = setUp();
  log.child({ session: 'aaaa' }).info({ path: 'live/Movie' }, 'play begins');
  log.child({ session: 'bbbb' }).warn('play ends');
  log.debug('says "session":"aaaa" in its text');
  assert.deepEqual(messages(await tail.read({ count: 9, session: 'aaaa' })), ['play begins']);
  assert.deepEqual(messages(await tail.read({ count: 9, level: 'warn' })), ['play ends']);
  assert.deepEqual(messages(await tail.read({ count: 9, level: 'info' })), ['play begins', 'play ends']);
  assert.deepEqual(messages(await tail.read({ count: 9, text: 'movie' })), ['play begins']);
  assert.equal((await tail.read({ after: FIRST - 1, count: 9, session: 'none' })).next, FIRST + 2);
});

test('memory has a limit in lines and in size, and what is gone is counted', async () => {
  const { tail, log } = setUp();
  for (let i = 0; i < 12_000; i++) log.info(`line ${i}`);
  const page = await tail.read({ after: FIRST + 99, count: 10_000 });
  const kept = page.lines.length;
  assert.ok(kept > 4_900 && kept <= 5_000, `${kept} lines are kept`);
  assert.equal(page.missed, 12_000 - 100 - kept);
  for (let i = 0; i < 1000; i++) log.info({ large: 'x'.repeat(10_000) }, 'large');
  const { lines } = await tail.read({ count: 10_000 });
  const size = lines.reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(size <= 2 ** 21 && size > 2 ** 20, `${size} characters are kept`);
});

test('a line of any length is kept as one that can be read', async () => {
  const { tail, log } = setUp();
  log.child({ session: 'aaaa' }).info({ large: 'x'.repeat(100_000) }, 'm'.repeat(5_000));
  const [line] = (await tail.read({ count: 1, session: 'aaaa' })).lines;
  assert.ok(line!.text.length < 2_000);
  assert.match((JSON.parse(line!.text) as { msg: string }).msg, /^m{1000} … \(10\d{4} characters\)$/);
});

test('a question after the line of an earlier run is answered from the beginning of this one', async () => {
  const { tail, log } = setUp();
  log.info('first');
  const page = await tail.read({ after: FIRST - 5_000_000, count: 9 });
  assert.deepEqual([messages(page), page.missed], [['first'], 0]);
});

test('secrets are kept masked', async () => {
  const { tail, log } = setUp();
  log.info({ url: 'rtmp://h/live/movie?key=hidden' }, 'publish begins');
  assert.doesNotMatch((await tail.read({ count: 1 })).lines[0]!.text, /hidden/);
});
