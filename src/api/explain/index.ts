import { z } from 'zod';
import { describePath } from '../../hub/path.ts';
import { ApiError, SRS_CODE } from '../error.ts';
import { type Operation, operation } from '../operation.ts';
import type { Services } from '../services.ts';
import { count } from '../shapes.ts';
import { measure } from './measures.ts';
import { findings } from './rule.ts';
import { RULES } from './rules/index.ts';

const finding = z.object({
  rule: z.string(),
  severity: z.enum(['error', 'warning', 'notice']).describe('Viewers suffer from it, they may, or it is good to know.'),
  where: z.enum(['publisher', 'link', 'node', 'viewers']),
  what: z.string(),
  remedy: z.string(),
  figures: z
    .record(z.string(), z.union([z.number(), z.string()]))
    .describe('What it stands on; names end with the unit.'),
});

const measures = z.object({
  seconds: count.describe('All is of so many last seconds.'),
  kbps: count,
  fps: z.number(),
  gop_s: z.number().describe('The longest time between key frames.'),
  late_ms: count.describe('How late frames came from the publisher, at worst.'),
  skew_ms: z.int().optional().describe('How much later sound comes than its picture.'),
  drift_ms: z.int().optional().describe('How much that has changed since the publisher began.'),
  viewers: count,
});

const answer = z.object({
  stream: z.string().describe('As people write it.'),
  source: z.object({
    type: z.enum(['publisher', 'node', 'none']).describe('Who sends it: another node knows more of its publisher.'),
    client: z.string(),
    remote: z.string(),
  }),
  measures,
  findings: z.array(finding).describe('The worst first; empty where nothing is wrong.'),
});

const example: z.output<typeof answer> = {
  stream: 'live/movie',
  source: { type: 'publisher', client: '341w361a', remote: '192.0.2.17' },
  measures: { seconds: 60, kbps: 2449, fps: 30, gop_s: 8.3, late_ms: 41, skew_ms: 12, drift_ms: 1, viewers: 3 },
  findings: [
    {
      rule: 'gop-too-long',
      severity: 'warning',
      where: 'publisher',
      what: 'Key frames are up to 8.3 s apart.',
      remedy: 'Set a key frame every 2 s.',
      figures: { longest_s: 8.3 },
    },
  ],
};

/** `/api/v1/streams/{id}/explain` */
export function explain({ survey, witness }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/streams/{id}/explain',
      group: 'Streams',
      summary: 'What is wrong with a stream, where, and what helps.',
      envelope: 'node',
      answer,
      example,
      errors: { 404: 'There is no such stream: code 2048.' },
      async handle({ params }) {
        const path = await survey.pathOf(params.id!);
        const facts = path === undefined ? undefined : await witness.facts(path);
        if (path === undefined || !facts) throw new ApiError(404, 'there is no such stream', SRS_CODE.noStream);
        const { source, isOwner } = facts.stream;
        const type = !source ? 'none' : isOwner ? 'publisher' : 'node';
        return {
          stream: describePath(path),
          source: { type, client: source?.client ?? '', remote: source?.remote ?? '' },
          measures: measure(facts),
          findings: findings(RULES, facts),
        } as const;
      },
    }),
  ];
}
