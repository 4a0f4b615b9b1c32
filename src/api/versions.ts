import { z } from 'zod';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

/** `/api/v1/versions` */
export function versions({ version }: Services): Operation[] {
  const [major = 0, minor = 0, revision = 0] = version.split(/[.+-]/).map(Number);
  return [
    operation({
      method: 'GET',
      path: '/api/v1/versions',
      group: 'Server',
      summary: 'The version of the server.',
      envelope: 'node',
      answer: z.object({ data: z.object({ major: count, minor: count, revision: count, version: z.string() }) }),
      example: { data: { major: 0, minor: 1, revision: 0, version: '0.1.0' } },
      handle: () => ({ data: { major, minor, revision, version } }),
    }),
  ];
}
