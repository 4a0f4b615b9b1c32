import { z } from 'zod';
import { readJson } from './body.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';

const path = '/api/v1/session';
const group = 'Session';
const LONGEST_TOKEN = 1024;

const body = z.object({ token: z.string().min(1).max(LONGEST_TOKEN).describe('The admin token.') });

/** `/api/v1/session`: who the browser is, and how it becomes the admin by a cookie. The token itself is never put into one. */
export function session({ guard, version }: Services): Operation[] {
  const common = { path, group, open: true, envelope: 'code' } as const;
  return [
    operation({
      ...common,
      method: 'GET',
      summary: 'Whether the one who asks is the admin.',
      answer: z.object({ admin: z.boolean(), version: z.string() }),
      example: { admin: true, version: '0.1.0' },
      handle: async (exchange) => ({ admin: await guard.isAdmin(exchange), version }),
    }),
    operation({
      ...common,
      method: 'POST',
      summary: 'Sets the cookie of an admin, which holds for 12 hours.',
      body,
      answer: z.object({}),
      example: {},
      errors: {
        400: 'The body is not as described.',
        403: 'The token is wrong.',
        413: 'The body is larger than 1 MiB.',
        429: 'There were too many wrong tokens.',
      },
      async handle(exchange) {
        const { token } = await readJson(exchange.request, body, '{"token": "…"}');
        await guard.logIn(exchange, token);
        return {};
      },
    }),
    operation({
      ...common,
      method: 'DELETE',
      summary: 'Takes the cookie back.',
      answer: z.object({}),
      example: {},
      handle(exchange) {
        guard.logOut(exchange);
        return {};
      },
    }),
  ];
}
