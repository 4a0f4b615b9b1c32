import { z } from 'zod';
import type { Level, TailLine, TailQuestion } from '../ops/log-tail.ts';
import { ApiError } from './error.ts';
import { type Operation, operation, type Parameter } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const MOST = 1000;
const LONGEST = 200;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const line = z.object({
  id: count,
  level: z.enum(LEVELS),
  time: z.string(),
  session: z.string().describe('The id of the peer that it is about; empty for others.'),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).describe('What it carries besides.'),
});

const example: z.output<typeof line> = {
  id: 1_790_000_000_000_042,
  level: 'info',
  time: '2026-11-21T07:15:28.749Z',
  session: 'hczs2cdc',
  message: 'publish ends',
  fields: { protocol: 'rtmp', remote: '192.0.2.17', path: '__defaultVhost__/live/movie', seconds: 3.366 },
};

const text = { type: 'string', maxLength: LONGEST };
const query: readonly Parameter[] = [
  {
    name: 'after',
    description: 'The id of the last line that is known: those after it are told, from the oldest on. Else the newest.',
    schema: { type: 'integer', minimum: 0 },
  },
  {
    name: 'count',
    description: 'How many at most.',
    schema: { type: 'integer', minimum: 1, maximum: MOST, default: 200 },
  },
  { name: 'session', description: 'Those of one session alone.', schema: text },
  { name: 'level', description: 'Those that are so grave or graver.', schema: { type: 'string', enum: LEVELS } },
  { name: 'text', description: 'Those in which this stands, in capitals or not.', schema: text },
];

const asked = z.object({
  after: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  count: z.coerce.number().int().min(1).max(MOST).default(200),
  session: z.string().max(LONGEST).optional(),
  level: z.enum(LEVELS).optional(),
  text: z.string().max(LONGEST).optional(),
});

/** `/api/v1/log` */
export function log({ context }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/log',
      group: 'Server',
      summary: 'The last lines of the log, of all workers; some thousand are kept in memory.',
      query,
      envelope: 'node',
      answer: z.object({
        level: z.string().describe('How grave lines must be to be logged at all: log.level.'),
        next: count.describe('For `after`, to go on.'),
        missed: count.describe('Lines after the one named that are not kept any more.'),
        lines: z.array(line),
      }),
      example: { level: 'info', next: 1_790_000_000_000_042, missed: 0, lines: [example] },
      async handle({ url }) {
        const page = (await context.log.tail?.read(readQuestion(url))) ?? { lines: [], next: 0, missed: 0 };
        return { ...page, level: context.config.log.level, lines: page.lines.map(describe) };
      },
    }),
  ];
}

/** An empty parameter is none. */
function readQuestion({ searchParams }: URL): TailQuestion {
  const given = [...searchParams].filter(([, value]) => value !== '');
  const { success, data, error } = asked.safeParse(Object.fromEntries(given));
  if (!success) throw new ApiError(400, `${String(error.issues[0]!.path[0])} is not as described`);
  return data as TailQuestion;
}

function describe({ id, text }: TailLine): z.output<typeof line> {
  const { level, time, session = '', msg = '', ...fields } = JSON.parse(text) as Record<string, unknown>;
  return { id, level: level as Level, time: String(time), session: String(session), message: String(msg), fields };
}
